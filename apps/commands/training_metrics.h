// What a training reports at its end, for people and for metrics.json.
#pragma once

#include <string>

#include "config/options.h"
#include "learn/training/trainer.h"
#include "learn/wide/wide_branch.h"

namespace fastformer::apps {

// Epochs, time and, if `validated`, the validation's loss and score, which is called `score_name`.
config::Json metrics_of(const learn::TrainingResult& result, bool validated,
                        const std::string& score_name);

// How well the branches do, each alone and together: added to `metrics`, and logged.
void report_branches(const learn::BranchReport& report, const std::string& score_name,
                     config::Json& metrics);

}  // namespace fastformer::apps
