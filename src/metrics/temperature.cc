// Newton's method inside a bracket, on the inverse temperature.
#include "metrics/temperature.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace fastformer::metrics {
namespace {

constexpr int kMostSteps = 200;
constexpr double kTolerance = 1e-12;  // of the inverse temperature, relative

void check(MatrixView<const float> logits, std::span<const std::int64_t> labels) {
  if (static_cast<std::int64_t>(labels.size()) != logits.rows) {
    throw Error(std::to_string(logits.rows) + " rows of logits for " +
                std::to_string(labels.size()) + " labels");
  }
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    const float* row = logits.row(i);
    const auto is_finite = [](float logit) { return std::isfinite(logit); };
    if (label < -1 || label >= logits.columns) {
      throw Error("class " + std::to_string(label) + " is not one of the " +
                      std::to_string(logits.columns) + " classes",
                  "row " + std::to_string(i + 1));
    }
    if (!std::all_of(row, row + logits.columns, is_finite)) {
      throw Error("a logit is not a finite number", "row " + std::to_string(i + 1));
    }
  }
}

// A row under the inverse temperature b: with p = softmax(b z), log of the sum of exp(b z), mean
// and variance of z under p. log_sum is relative to the largest logit.
struct Moments {
  double largest = 0;
  double log_sum = 0;
  double mean = 0;
  double variance = 0;
};

Moments moments(const float* logits, std::int64_t classes, double inverse) {
  Moments result;
  result.largest = *std::max_element(logits, logits + classes);
  double sum = 0, first = 0, second = 0;  // of exp(b d), d exp(b d), d^2 exp(b d); d = z - largest
  for (std::int64_t c = 0; c < classes; ++c) {
    const double difference = static_cast<double>(logits[c]) - result.largest;
    const double weight = std::exp(inverse * difference);
    sum += weight;
    first += weight * difference;
    second += weight * difference * difference;
  }
  result.log_sum = std::log(sum);
  result.mean = result.largest + first / sum;
  result.variance = std::max(0.0, second / sum - first / sum * (first / sum));
  return result;
}

struct Slope {
  double first = 0;   // derivative of the summed cross entropy by the inverse temperature
  double second = 0;  // its derivative
};

Slope slope_at(MatrixView<const float> logits, std::span<const std::int64_t> labels,
               std::int64_t labelled, double inverse) {
  Slope slope;
  const double uniform = 1 / static_cast<double>(labelled);  // a row's part of the added row
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    if (label < 0) continue;
    const float* row = logits.row(i);
    const Moments m = moments(row, logits.columns, inverse);
    double mean = 0;
    for (std::int64_t c = 0; c < logits.columns; ++c) mean += row[c];
    mean /= static_cast<double>(logits.columns);
    slope.first += m.mean - static_cast<double>(row[label]) + uniform * (m.mean - mean);
    slope.second += (1 + uniform) * m.variance;
  }
  return slope;
}

// Whether some labelled row's logits differ, so that the temperature matters.
bool can_be_fitted(MatrixView<const float> logits, std::span<const std::int64_t> labels) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const float* row = logits.row(i);
    const auto differs = [row](float logit) { return logit != row[0]; };
    if (labels[static_cast<std::size_t>(i)] >= 0 &&
        std::any_of(row, row + logits.columns, differs)) {
      return true;
    }
  }
  return false;
}

}  // namespace

double fit_temperature(MatrixView<const float> logits, std::span<const std::int64_t> labels) {
  check(logits, labels);
  if (!can_be_fitted(logits, labels)) return 1;
  const std::int64_t labelled =
      std::count_if(labels.begin(), labels.end(), [](std::int64_t label) { return label >= 0; });
  const auto slope = [&](double inverse) { return slope_at(logits, labels, labelled, inverse); };
  double low = 1 / kHighestTemperature, high = 1 / kLowestTemperature;
  if (slope(low).first >= 0) return kHighestTemperature;
  if (slope(high).first <= 0) return kLowestTemperature;
  double inverse = 1;
  for (int step = 0; step < kMostSteps && high - low > kTolerance * low; ++step) {
    const Slope at = slope(inverse);
    if (at.first == 0) break;
    (at.first < 0 ? low : high) = inverse;
    const double newton = inverse - at.first / at.second;
    const double next = newton > low && newton < high ? newton : (low + high) / 2;
    const bool done = std::abs(next - inverse) <= kTolerance * inverse;
    inverse = next;
    if (done) break;
  }
  return 1 / inverse;
}

double cross_entropy(MatrixView<const float> logits, std::span<const std::int64_t> labels,
                     double temperature) {
  check(logits, labels);
  double sum = 0;
  std::int64_t labelled = 0;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    if (label < 0) continue;
    const Moments m = moments(logits.row(i), logits.columns, 1 / temperature);
    sum += m.log_sum + (m.largest - static_cast<double>(logits(i, label))) / temperature;
    ++labelled;
  }
  return labelled > 0 ? sum / static_cast<double>(labelled) : 0;
}

}  // namespace fastformer::metrics
