// The learning rate over the steps of a run.
#pragma once

#include <cstdint>

#include "learn/training/training_options.h"

namespace fastformer::learn {

// Learning rate of step `step` (from 0) of `steps`: a linear rise over the warm-up's share, then
// the chosen fall. kLinear and kCosine reach 0 just after the last step.
double learning_rate_at(const TrainingOptions& options, std::int64_t step, std::int64_t steps);

}  // namespace fastformer::learn
