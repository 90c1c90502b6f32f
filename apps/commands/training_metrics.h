// What a training reports at its end, for people and for metrics.json.
#pragma once

#include <string>

#include "config/options.h"
#include "learn/training/trainer.h"
#include "learn/wide/branch_report.h"

namespace fastformer::apps {

// Epochs and time.
config::Json metrics_of(const learn::TrainingResult& result);

// Adds loss and score, which is called `score_name`, on held-out rows.
void report_validation(const learn::Validation& validation, const std::string& score_name,
                       config::Json& metrics);

// How well the branches do, each alone and together: added to `metrics`, and logged with `truth`
// (truth_words()) behind the score's name.
void report_branches(const learn::BranchReport& report, const std::string& score_name,
                     const std::string& truth, config::Json& metrics);

}  // namespace fastformer::apps
