// The factors of two branches whose labels each come by themselves.
#pragma once

#include <span>

#include "model/branch_fit.h"

namespace fastformer::model {

// fit_branches for TargetKind::kMulti.
BranchFactors fit_under_sigmoid(std::span<const float> scores, std::span<const float> logits,
                                std::span<const float> targets);

}  // namespace fastformer::model
