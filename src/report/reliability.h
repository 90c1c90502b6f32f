// How true a model's scores are, as a table, as JSON and as a picture.
#pragma once

#include <string>

#include "config/options.h"
#include "metrics/calibration.h"
#include "report/plot.h"

namespace fastformer::report {

// What is known about the scores of the rows of an evaluation.
struct ScoreReport {
  metrics::Calibration calibration;
  double brier = 0;          // over the rows whose label the model has
  double cross_entropy = 0;  // likewise, in nats
  double temperature = 1;    // with which the scores were made
  std::int64_t unknown = 0;  // rows whose label it has not; the calibration counts them as wrong
};

// A row per bin that holds rows, and a line with the error, the Brier score and the cross entropy.
std::string reliability_table(const ScoreReport& scores);

// {"ece", "brier", "cross_entropy", "temperature", "bins": [{"low", "high", "rows", "confidence",
//  "accuracy"}]}; of a bin without rows the last two are null, as are the Brier score and the cross
// entropy of rows of which the model knows no label.
config::Json reliability_json(const ScoreReport& scores);

// The reliability diagram: accuracy by confidence beside the diagonal of perfect scores, and the
// share of all rows in each bin.
Plot reliability_plot(const metrics::Calibration& calibration, const std::string& title);

}  // namespace fastformer::report
