// The losses of classification.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/targets.h"
#include "learn/parameters.h"
#include "metrics/target_kind.h"

namespace fastformer::learn {

struct LabelLoss {
  metrics::TargetKind kind = metrics::TargetKind::kSingle;
  // One a label, or none for 1: of kSingle the weight of its documents, of kMulti that of the
  // documents that have it against those that do not.
  std::vector<float> weights;
  // Share of a target that goes to all labels alike (of kMulti: to either answer).
  double smoothing = 0;

  // Mean loss of the listed documents, whose logits are [documents, labels]: the cross entropy of
  // softmax against each one's label or shares of labels, or that of every label's sigmoid, summed
  // over the labels. Weighted documents with one label count by weight in the mean too.
  at::Tensor operator()(const at::Tensor& logits, const data::Targets& targets,
                        std::span<const std::int64_t> documents) const;
};

// Sets the head's bias to the log-odds of the labels' frequencies: under sigmoid, where most labels
// are rare, it would take long to get there by steps.
void start_from_frequencies(const data::Targets& targets, Parameters& parameters);

}  // namespace fastformer::learn
