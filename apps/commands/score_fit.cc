// Fits and measures temperature and thresholds.
#include "commands/score_fit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "metrics/calibration.h"
#include "metrics/multi_label.h"
#include "metrics/temperature.h"
#include "metrics/thresholds.h"
#include "model/decision.h"

namespace fastformer::apps {
namespace {

using metrics::TargetKind;

double single_error(MatrixView<const float> logits, MatrixView<const float> targets,
                    double temperature) {
  std::vector<int> truth, predicted;
  std::vector<double> confidence;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::span<const float> row(logits.row(i), static_cast<std::size_t>(logits.columns));
    const model::Ranked best = model::decide(row, 1, temperature).ranked[0];
    const float* wanted = targets.row(i);
    const auto label = std::max_element(wanted, wanted + targets.columns) - wanted;
    truth.push_back(wanted[label] > 0 ? static_cast<int>(label) : -1);
    predicted.push_back(best.label);
    confidence.push_back(best.score);
  }
  return metrics::calibration(truth, predicted, confidence).expected_error;
}

ScoreQuality quality(MatrixView<const float> logits, MatrixView<const float> targets,
                     TargetKind kind, double temperature) {
  ScoreQuality quality;
  quality.cross_entropy = metrics::cross_entropy(logits, targets, kind, temperature);
  if (kind == TargetKind::kSingle) {
    quality.calibration_error = single_error(logits, targets, temperature);
  } else {
    const std::vector<double> scores = model::sigmoid_of_all(logits, temperature);
    quality.calibration_error =
        metrics::label_calibration({scores.data(), logits.rows, logits.columns}, targets)
            .expected_error;
  }
  return quality;
}

double micro_f1(MatrixView<const double> scores, MatrixView<const float> targets,
                const std::vector<double>& thresholds) {
  std::int64_t right = 0, named = 0;
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    for (std::int64_t c = 0; c < scores.columns; ++c) {
      const bool given = scores(i, c) >= thresholds[static_cast<std::size_t>(c)];
      right += given && targets(i, c) > 0;
      named += given + (targets(i, c) > 0);
    }
  }
  return named == 0 ? 0 : 2 * static_cast<double>(right) / static_cast<double>(named);
}

void add_thresholds(MatrixView<const float> logits, MatrixView<const float> targets,
                    ScoreFit& fit) {
  const std::vector<double> scores = model::sigmoid_of_all(logits, fit.temperature);
  const MatrixView<const double> view(scores.data(), logits.rows, logits.columns);
  fit.thresholds = metrics::fit_thresholds(view, targets);
  fit.threshold_f1 = micro_f1(view, targets, fit.thresholds);
  for (std::int64_t c = 0; c < targets.columns; ++c) {
    std::int64_t positives = 0;
    for (std::int64_t i = 0; i < targets.rows; ++i) positives += targets(i, c) > 0;
    fit.common_thresholds += positives < metrics::kFewestPositives;
  }
}

}  // namespace

std::string truth_words(std::span<const float> shares) {
  const bool is_soft =
      std::any_of(shares.begin(), shares.end(), [](float share) { return share > 0 && share < 1; });
  return is_soft ? " against each row's most likely label" : "";
}

ScoreFit fit_scores(MatrixView<const float> logits, MatrixView<const float> targets,
                    TargetKind kind) {
  ScoreFit fit;
  fit.rows = logits.rows;
  fit.truth =
      truth_words({targets.row(0), static_cast<std::size_t>(targets.rows * targets.columns)});
  fit.temperature = metrics::fit_temperature(logits, targets, kind);
  fit.before = quality(logits, targets, kind, 1);
  fit.after = quality(logits, targets, kind, fit.temperature);
  if (kind == TargetKind::kMulti) add_thresholds(logits, targets, fit);
  return fit;
}

std::string ScoreFit::summary() const {
  const auto change = [](double from, double to) {
    return format_fixed(from, 4) + " before, " + format_fixed(to, 4) + " after";
  };
  std::string text = "temperature " + format_fixed(temperature, 3) + " fitted on " +
                     format_count(rows) + " validation rows: cross entropy " +
                     change(before.cross_entropy, after.cross_entropy) + "; calibration error" +
                     truth + " " + change(before.calibration_error, after.calibration_error);
  if (!thresholds.empty()) {
    text += "\nthresholds fitted on the same rows: micro-F1 there " +
            format_fixed(threshold_f1, 4) + "; " + format_count(common_thresholds) + " of " +
            format_count(static_cast<std::int64_t>(thresholds.size())) +
            " labels have fewer than " + std::to_string(metrics::kFewestPositives) +
            " of them and share one threshold";
  }
  return text;
}

config::Json ScoreFit::metrics() const {
  config::Json json = {{"rows", rows},
                       {"temperature", temperature},
                       {"cross_entropy_before", before.cross_entropy},
                       {"cross_entropy_after", after.cross_entropy},
                       {"error_before", before.calibration_error},
                       {"error_after", after.calibration_error}};
  if (!thresholds.empty()) json["threshold_micro_f1"] = threshold_f1;
  return json;
}

}  // namespace fastformer::apps
