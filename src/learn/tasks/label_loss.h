// The losses of classification.
#pragma once

#include <cstdint>
#include <span>

#include "data/targets.h"
#include "learn/parameters.h"
#include "metrics/target_kind.h"

namespace fastformer::learn {

// Mean loss of the listed documents, whose logits are [documents, labels]: the cross entropy of
// softmax against each one's label, or that of every label's sigmoid, summed over the labels.
at::Tensor label_loss(const at::Tensor& logits, const data::Targets& targets,
                      std::span<const std::int64_t> documents, metrics::TargetKind kind);

// Sets the head's bias to the log-odds of the labels' frequencies: under sigmoid, where most labels
// are rare, it would take long to get there by steps.
void start_from_frequencies(const data::Targets& targets, Parameters& parameters);

}  // namespace fastformer::learn
