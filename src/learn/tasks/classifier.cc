// Forward pass of the classifier, for training and for use.
#include "learn/tasks/classifier.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fastformer::learn {

Classifier::Classifier(const model::ModelConfig& config, std::uint64_t seed, at::ScalarType type,
                       at::Device device)
    : config_(config),
      device_(device),
      parameters_(model::tensors_of(config), seed, type, device),
      stack_(config) {}

namespace {

const model::ModelConfig& classifier_config(const model::ModelFolder& folder) {
  folder.require_classifier();
  return folder.config();
}

}  // namespace

Classifier::Classifier(const model::ModelFolder& folder, at::ScalarType type, at::Device device)
    : name_(folder.path()),
      config_(classifier_config(folder)),
      device_(device),
      parameters_(
          model::tensors_of(config_),
          [&folder](const model::TensorSpec& spec) {
            return at::tensor(folder.floats(spec.name)).view(spec.shape);
          },
          type, device),
      stack_(config_) {}

at::Tensor Classifier::logits(const data::RaggedBatch& batch, const ForwardContext& context) const {
  const Ragged ragged = Ragged::from_offsets(batch.offsets, device_);
  const at::Tensor ids = at::tensor(batch.ids, at::kLong);
  const at::Tensor hidden = stack_.encode(parameters_, ids, ragged, context);
  const at::Tensor documents = stack_.pool(parameters_, hidden, ragged);
  return linear(documents, Scope(parameters_, ""), "classifier");
}

namespace {

void check_finite(std::span<const float> logits, const std::string& where) {
  for (float logit : logits) {
    if (std::isfinite(logit)) continue;
    throw Error("gives results that are not finite numbers", where,
                "Its weights are damaged or its training diverged: train it anew, with a lower "
                "--learning-rate perhaps");
  }
}

}  // namespace

std::vector<float> classify(const Classifier& classifier, const data::Documents& documents,
                            const data::BatchOptions& options) {
  const at::NoGradGuard no_gradients;
  const std::size_t labels = classifier.config().labels.size();
  std::vector<std::int64_t> order(documents.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return documents[static_cast<std::size_t>(a)].size() <
           documents[static_cast<std::size_t>(b)].size();
  });
  std::vector<std::int64_t> lengths;
  for (std::int64_t index : order) {
    lengths.push_back(static_cast<std::int64_t>(documents[static_cast<std::size_t>(index)].size()));
  }
  std::vector<float> all(documents.size() * labels);
  for (std::vector<std::int64_t>& batch : data::plan_in_order(lengths, options)) {
    for (std::int64_t& index : batch) index = order[static_cast<std::size_t>(index)];
    const at::Tensor logits = classifier.logits(data::make_batch(documents, batch), {})
                                  .to(at::kCPU, at::kFloat)
                                  .contiguous();
    const float* row = logits.const_data_ptr<float>();
    for (std::int64_t index : batch) {
      check_finite(std::span(row, labels), classifier.name());
      std::copy(row, row + labels, all.begin() + index * static_cast<std::int64_t>(labels));
      row += labels;
    }
  }
  return all;
}

}  // namespace fastformer::learn
