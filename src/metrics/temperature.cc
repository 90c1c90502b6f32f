// Newton's method inside a bracket, on the inverse temperature.
#include "metrics/temperature.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "metrics/logistic.h"

namespace fastformer::metrics {
namespace {

constexpr int kMostSteps = 200;
constexpr double kTolerance = 1e-12;  // of the inverse temperature, relative

void check(MatrixView<const float> logits, MatrixView<const float> targets) {
  if (targets.rows != logits.rows || targets.columns != logits.columns) {
    throw Error("the targets are not as many as the logits");
  }
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    for (std::int64_t c = 0; c < logits.columns; ++c) {
      if (!(targets(i, c) >= 0 && targets(i, c) <= 1)) {
        throw Error("a target is not from 0 to 1", "row " + std::to_string(i + 1));
      }
      if (!std::isfinite(logits(i, c))) {
        throw Error("a logit is not a finite number", "row " + std::to_string(i + 1));
      }
    }
  }
}

double sum_of(const float* values, std::int64_t count) {
  double sum = 0;
  for (std::int64_t c = 0; c < count; ++c) sum += values[c];
  return sum;
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

// The cross entropy of rows, its derivative by the inverse temperature, and that one's.
struct Cost {
  double value = 0;
  double first = 0;
  double second = 0;
};

// Softmax. `uniform` is a row's part of the added row.
void add_single(const float* logits, const float* targets, std::int64_t labels, double inverse,
                double uniform, Cost& cost) {
  const double total = sum_of(targets, labels);
  if (total == 0) return;
  const Moments m = moments(logits, labels, inverse);
  double wanted = 0, below = 0;  // below the largest logit
  for (std::int64_t c = 0; c < labels; ++c) {
    wanted += static_cast<double>(targets[c]) * logits[c];
    below += targets[c] * (m.largest - logits[c]);
  }
  const double mean = sum_of(logits, labels) / static_cast<double>(labels);
  cost.value += total * m.log_sum + inverse * below;
  cost.first += total * m.mean - wanted + uniform * (m.mean - mean);
  cost.second += (total + uniform) * m.variance;
}

// Sigmoid of every label.
void add_multi(const float* logits, const float* targets, std::int64_t labels, double inverse,
               double uniform, Cost& cost) {
  for (std::int64_t c = 0; c < labels; ++c) {
    const double logit = logits[c], scaled = inverse * logit;
    const auto [p, softplus] = logistic(scaled);
    cost.value += softplus - targets[c] * scaled;
    cost.first += (p - targets[c]) * logit + uniform * (p - 0.5) * logit;
    cost.second += (1 + uniform) * p * (1 - p) * logit * logit;
  }
}

// Rows and how many of them count.
class Rows {
 public:
  Rows(MatrixView<const float> logits, MatrixView<const float> targets, TargetKind kind)
      : logits_(logits), targets_(targets), kind_(kind) {
    check(logits, targets);
    for (std::int64_t i = 0; i < logits.rows; ++i) count_ += counts(i);
  }

  std::int64_t count() const { return count_; }

  Cost cost(double inverse) const {
    Cost cost;
    const double uniform = 1 / static_cast<double>(std::max<std::int64_t>(1, count_));
    const auto add = kind_ == TargetKind::kSingle ? add_single : add_multi;
    for (std::int64_t i = 0; i < logits_.rows; ++i) {
      add(logits_.row(i), targets_.row(i), logits_.columns, inverse, uniform, cost);
    }
    return cost;
  }

  std::vector<double> costs() const {
    std::vector<double> costs;
    const auto add = kind_ == TargetKind::kSingle ? add_single : add_multi;
    for (std::int64_t i = 0; i < logits_.rows; ++i) {
      if (!counts(i)) continue;
      Cost cost;
      add(logits_.row(i), targets_.row(i), logits_.columns, 1, 0, cost);
      costs.push_back(cost.value);
    }
    return costs;
  }

  // Whether the temperature matters: in some row that counts the logits differ from each other,
  // or for kMulti from 0.
  bool can_be_fitted() const {
    for (std::int64_t i = 0; i < logits_.rows; ++i) {
      const float* row = logits_.row(i);
      const float level = kind_ == TargetKind::kSingle ? row[0] : 0;
      const auto differs = [level](float logit) { return logit != level; };
      if (counts(i) && std::any_of(row, row + logits_.columns, differs)) return true;
    }
    return false;
  }

 private:
  bool counts(std::int64_t row) const {
    return kind_ == TargetKind::kMulti || sum_of(targets_.row(row), targets_.columns) > 0;
  }

  MatrixView<const float> logits_, targets_;
  TargetKind kind_;
  std::int64_t count_ = 0;
};

}  // namespace

double fit_temperature(MatrixView<const float> logits, MatrixView<const float> targets,
                       TargetKind kind) {
  const Rows rows(logits, targets, kind);
  if (!rows.can_be_fitted()) return 1;
  double low = 1 / kHighestTemperature, high = 1 / kLowestTemperature;
  if (rows.cost(low).first >= 0) return kHighestTemperature;
  if (rows.cost(high).first <= 0) return kLowestTemperature;
  double inverse = 1;
  for (int step = 0; step < kMostSteps && high - low > kTolerance * low; ++step) {
    const Cost at = rows.cost(inverse);
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

double cross_entropy(MatrixView<const float> logits, MatrixView<const float> targets,
                     TargetKind kind, double temperature) {
  const Rows rows(logits, targets, kind);
  if (rows.count() == 0) return 0;
  return rows.cost(1 / temperature).value / static_cast<double>(rows.count());
}

std::vector<double> cross_entropies(MatrixView<const float> logits, MatrixView<const float> targets,
                                    TargetKind kind) {
  return Rows(logits, targets, kind).costs();
}

}  // namespace fastformer::metrics
