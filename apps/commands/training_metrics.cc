// Metrics of a run and of its branches.
#include "commands/training_metrics.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"

namespace fastformer::apps {

using config::Json;

Json metrics_of(const learn::TrainingResult& result) {
  Json metrics = {{"epochs", result.epochs},
                  {"best_epoch", result.best_epoch},
                  {"training_seconds", result.seconds},
                  {"training_tokens", result.tokens}};
  if (!result.diverged.empty()) metrics["diverged"] = result.diverged;
  return metrics;
}

void report_validation(const learn::Validation& validation, const std::string& score_name,
                       Json& metrics) {
  metrics["validation_" + score_name] = validation.score;
  metrics["validation_loss"] = validation.loss;
}

void report_branches(const learn::BranchReport& report, const std::string& score_name,
                     const std::string& truth, Json& metrics) {
  const auto part = [&](const learn::Validation& validation) {
    return Json{{score_name, validation.score}, {"loss", validation.loss}};
  };
  metrics["branches"] = {{"wide", part(report.wide)},
                         {"encoder", part(report.encoder)},
                         {"both", part(report.both)},
                         {"encoder_share", report.encoder_share}};
  report_validation(report.both, score_name, metrics);
  const auto said = [](const learn::Validation& validation) {
    return format_fixed(validation.score, 4) + " (cross entropy " +
           format_fixed(validation.loss, 4) + ")";
  };
  log_info("validation " + score_name + truth + ": wide branch " + said(report.wide) +
           ", encoder " + said(report.encoder) + ", both " + said(report.both));
  log_info("the encoder's share of the answer: " + format_fixed(100 * report.encoder_share, 0) +
           " %");
}

}  // namespace fastformer::apps
