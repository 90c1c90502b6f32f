// One layer's attention of an encoder with random weights, by itself.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "small_model.h"

namespace fastformer::learn {

// Numbers with the given deviation, in float64.
inline at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed, double deviation = 1) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = deviation * random.normal();
  return tensor;
}

class EncoderLayer {
 public:
  // `options` are those of the encoder, by key.
  EncoderLayer(const std::string& encoder, const config::Json& options, int width = 12,
               int heads = 3, at::ScalarType type = at::kDouble, int max_length = 200)
      : config_(config_of(encoder, options, width, heads, max_length)),
        encoder_(make_encoder(config_)),
        parameters_(
            model::tensors_of(config_),
            [](const model::TensorSpec& spec) {
              return random_tensor(spec.shape, hash_of(spec.name, 7), 0.4);
            },
            type) {}

  const model::ModelConfig& config() const { return config_; }
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }
  Scope scope() const { return Scope(parameters_, "encoder.layer.0.attention."); }

  // Of documents that end where `offsets` say: [tokens, width].
  at::Tensor mix(const at::Tensor& hidden, std::vector<std::int64_t> offsets) const {
    return encoder_->mix(hidden, Ragged::from_offsets(std::move(offsets)), scope(), {});
  }
  // Of one document.
  at::Tensor mix(const at::Tensor& hidden) const { return mix(hidden, {0, hidden.size(0)}); }

  // Rows mapped by one of the layer's maps, seen by head: [heads, rows, head width].
  at::Tensor mapped(const at::Tensor& rows, const std::string& name) const {
    const at::Tensor all = at::linear(rows, scope()[name + ".weight"], scope()[name + ".bias"]);
    return all.view({rows.size(0), config_.encoder.heads, -1}).transpose(0, 1);
  }
  // The way back, by the output product: [rows, width].
  at::Tensor output(const at::Tensor& by_head) const {
    return at::linear(by_head.transpose(0, 1).flatten(1), scope()["output.weight"],
                      scope()["output.bias"]);
  }

  // Names of the tensors that the attention reads.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const std::string& name : parameters_.names()) {
      const bool is_norm = name.find(".norm.") != name.npos;
      const bool is_own = name.starts_with("encoder.layer.0.attention.") && !is_norm;
      if (is_own || name.starts_with(model::kSharedPrefix)) names.push_back(name);
    }
    return names;
  }

 private:
  static model::ModelConfig config_of(const std::string& encoder, const config::Json& options,
                                      int width, int heads, int max_length) {
    model::ModelConfig config = small_config();
    config.encoder.encoder = encoder;
    config.encoder.width = width;
    config.encoder.heads = heads;
    config.encoder.layers = 1;
    config.text.max_length = max_length;
    config::OptionSet set;
    config.choices().describe(set);
    set.apply_json(options, config::Source::kFlag, "options");
    config.validate();
    return config;
  }

  model::ModelConfig config_;
  std::unique_ptr<Encoder> encoder_;
  Parameters parameters_;
};

}  // namespace fastformer::learn
