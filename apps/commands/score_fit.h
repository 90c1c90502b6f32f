// What ends a training: the temperature of the scores, thresholds, and what they do.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/matrix_view.h"
#include "config/options.h"
#include "metrics/target_kind.h"

namespace fastformer::apps {

// How true the scores of some rows are.
struct ScoreQuality {
  double cross_entropy = 0;      // mean, in nats, over the rows whose label the model has
  double calibration_error = 0;  // over all rows; one whose label the model lacks is wrong. Of
                                 // several labels over every label of every row
};

struct ScoreFit {
  double temperature = 1;
  std::int64_t rows = 0;
  std::string truth;  // truth_words() of the rows
  ScoreQuality before, after;
  std::vector<double> thresholds;      // of several labels, one each
  std::int64_t common_thresholds = 0;  // labels with too few rows for one of their own
  double threshold_f1 = 0;             // of all labels' summed counts, on the rows it was fitted to

  std::string summary() const;   // lines for people
  config::Json metrics() const;  // for metrics.json
};

// What says, behind the name of a score, which label of a row counts as the true one where rows
// have shares of several; else nothing. `shares` are of one label a row or of distributions.
std::string truth_words(std::span<const float> shares);

// Fits on logits and shares of labels, both [rows, labels]. There must be rows.
ScoreFit fit_scores(MatrixView<const float> logits, MatrixView<const float> targets,
                    metrics::TargetKind kind);

}  // namespace fastformer::apps
