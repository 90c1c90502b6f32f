// Cross entropies of softmax and of sigmoid.
#include "learn/tasks/label_loss.h"

#include <cmath>
#include <vector>

namespace fastformer::learn {

at::Tensor label_loss(const at::Tensor& logits, const data::Targets& targets,
                      std::span<const std::int64_t> documents, metrics::TargetKind kind) {
  data::Targets listed;
  for (const std::int64_t document : documents) {
    listed.add(targets.of(static_cast<std::size_t>(document)));
  }
  if (kind == metrics::TargetKind::kSingle) {
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < listed.size(); ++i) labels.push_back(listed.of(i)[0]);
    return at::cross_entropy_loss(logits, at::tensor(labels, at::kLong).to(logits.device()));
  }
  const std::vector<float> dense = listed.dense(static_cast<std::size_t>(logits.size(1)));
  const at::Tensor wanted = at::tensor(dense).view(logits.sizes()).to(logits.options());
  return at::binary_cross_entropy_with_logits(logits, wanted, {}, {}, at::Reduction::Sum) /
         static_cast<double>(listed.size());
}

void start_from_frequencies(const data::Targets& targets, Parameters& parameters) {
  const at::Tensor& bias = parameters.at("classifier.bias");
  std::vector<double> counts(static_cast<std::size_t>(bias.numel()), 0);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (const std::int32_t label : targets.of(i)) ++counts[static_cast<std::size_t>(label)];
  }
  const auto rows = static_cast<double>(targets.size());
  for (double& count : counts) count = std::log((count + 0.5) / (rows - count + 0.5));
  parameters.set("classifier.bias", at::tensor(counts, at::kDouble).to(bias.options()));
}

}  // namespace fastformer::learn
