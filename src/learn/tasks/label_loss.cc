// Cross entropies of softmax and of sigmoid.
#include "learn/tasks/label_loss.h"

#include <cmath>
#include <optional>

#include "learn/device.h"

namespace fastformer::learn {
namespace {

at::Tensor label_indices(const data::Targets& targets, std::span<const std::int64_t> documents) {
  std::vector<std::int64_t> labels;
  for (const std::int64_t document : documents) {
    labels.push_back(targets.of(static_cast<std::size_t>(document))[0]);
  }
  return at::tensor(labels, at::kLong);
}

// Shares [documents, labels].
at::Tensor share_matrix(const data::Targets& targets, std::span<const std::int64_t> documents,
                        std::int64_t labels) {
  data::Targets listed;
  for (const std::int64_t document : documents) {
    const auto at = static_cast<std::size_t>(document);
    listed.add(targets.of(at), targets.shares_of(at));
  }
  return at::tensor(listed.dense(static_cast<std::size_t>(labels))).view({-1, labels});
}

}  // namespace

at::Tensor LabelLoss::operator()(const at::Tensor& logits, const data::Targets& targets,
                                 std::span<const std::int64_t> documents) const {
  const auto like_logits = [&](const at::Tensor& tensor) {
    return on_device(tensor.to(logits.scalar_type()), logits.device());
  };
  std::optional<at::Tensor> label_weights;
  if (!weights.empty()) label_weights = like_logits(at::tensor(weights));
  if (kind == metrics::TargetKind::kSingle) {
    const at::Tensor wanted = targets.is_soft()
                                  ? like_logits(share_matrix(targets, documents, logits.size(1)))
                                  : on_device(label_indices(targets, documents), logits.device());
    const at::Tensor mean =
        at::cross_entropy_loss(logits, wanted, label_weights, at::Reduction::Mean, -100, smoothing);
    if (!targets.is_soft() || !label_weights) return mean;
    // Of shares the mean is over documents, of labels over their weights: here over weights too.
    return mean * (static_cast<double>(documents.size()) / (wanted * *label_weights).sum());
  }
  const at::Tensor wanted =
      like_logits(share_matrix(targets, documents, logits.size(1))) * (1 - smoothing) +
      smoothing / 2;
  const at::Tensor sum =
      at::binary_cross_entropy_with_logits(logits, wanted, {}, label_weights, at::Reduction::Sum);
  return sum / static_cast<double>(documents.size());
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
