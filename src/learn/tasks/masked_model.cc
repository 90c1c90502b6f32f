// Forward pass of the model that guesses masked tokens.
#include "learn/tasks/masked_model.h"

#include "learn/device.h"
#include "learn/ops/embedding.h"

namespace fastformer::learn {

MaskedModel::MaskedModel(const model::ModelConfig& config, std::uint64_t seed, at::ScalarType type,
                         at::Device device)
    : config_(config),
      device_(device),
      parameters_(model::tensors_of(config), seed, type, device),
      stack_(config) {}

at::Tensor MaskedModel::guesses(const data::RaggedBatch& batch, const at::Tensor& places,
                                const ForwardContext& context) const {
  const Ragged ragged = Ragged::from_offsets(batch.offsets, device_);
  const at::Tensor ids = at::tensor(batch.ids, at::kLong);
  const at::Tensor hidden = stack_.encode(parameters_, ids, ragged, context)
                                .index_select(0, on_device(places, device_))
                                .to(parameters_.tensors().front().scalar_type());
  const Scope output(parameters_, "prediction.");
  const at::Tensor inner = at::gelu(linear(hidden, output, "hidden"));
  const Scope norm = output.inside("norm.");
  return at::layer_norm(inner, {inner.size(1)}, norm["weight"], norm["bias"],
                        config_.encoder.norm_epsilon);
}

at::Tensor MaskedModel::scores(const at::Tensor& guesses, const at::Tensor& candidates) const {
  const at::Tensor chosen = on_device(candidates, device_);
  const at::Tensor words =
      lookup(parameters_.at("embedding.word.weight"), chosen, parameters_.table_gradient());
  const at::Tensor bias = parameters_.at("prediction.bias").index_select(0, chosen);
  return at::linear(guesses, words, bias);
}

}  // namespace fastformer::learn
