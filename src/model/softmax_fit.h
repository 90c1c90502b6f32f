// The factors of two branches whose documents have one label.
#pragma once

#include <span>

#include "model/branch_fit.h"

namespace fastformer::model {

// fit_branches for TargetKind::kSingle. `wide_spread` and `encoder_spread` are the branches'
// deviations around their rows' means.
BranchFactors fit_under_softmax(std::span<const float> scores, double wide_spread,
                                std::span<const float> logits, double encoder_spread,
                                std::span<const float> targets, std::size_t label_count);

}  // namespace fastformer::model
