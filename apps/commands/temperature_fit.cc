// Fits and measures the temperature.
#include "commands/temperature_fit.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"
#include "metrics/calibration.h"
#include "metrics/temperature.h"
#include "model/decision.h"

namespace fastformer::apps {
namespace {

ScoreQuality quality(MatrixView<const float> logits, std::span<const std::int64_t> labels,
                     double temperature) {
  std::vector<int> truth, predicted;
  std::vector<double> confidence;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::span<const float> row(logits.row(i), static_cast<std::size_t>(logits.columns));
    const model::Ranked best = model::decide(row, 1, temperature).ranked[0];
    truth.push_back(static_cast<int>(labels[static_cast<std::size_t>(i)]));
    predicted.push_back(best.label);
    confidence.push_back(best.score);
  }
  return {metrics::cross_entropy(logits, labels, temperature),
          metrics::calibration(truth, predicted, confidence).expected_error};
}

}  // namespace

TemperatureFit calibrate(std::span<const float> logits, std::span<const std::int64_t> labels) {
  const auto rows = static_cast<std::int64_t>(labels.size());
  const MatrixView<const float> view(logits.data(), rows,
                                     static_cast<std::int64_t>(logits.size()) / rows);
  TemperatureFit fit;
  fit.rows = rows;
  fit.temperature = metrics::fit_temperature(view, labels);
  fit.before = quality(view, labels, 1);
  fit.after = quality(view, labels, fit.temperature);
  return fit;
}

std::string TemperatureFit::summary() const {
  const auto change = [](double from, double to) {
    return format_fixed(from, 4) + " before, " + format_fixed(to, 4) + " after";
  };
  return "temperature " + format_fixed(temperature, 3) + " fitted on " + format_count(rows) +
         " validation rows: cross entropy " + change(before.cross_entropy, after.cross_entropy) +
         "; calibration error " + change(before.calibration_error, after.calibration_error);
}

config::Json TemperatureFit::metrics() const {
  return {{"rows", rows},
          {"temperature", temperature},
          {"cross_entropy_before", before.cross_entropy},
          {"cross_entropy_after", after.cross_entropy},
          {"error_before", before.calibration_error},
          {"error_after", after.calibration_error}};
}

}  // namespace fastformer::apps
