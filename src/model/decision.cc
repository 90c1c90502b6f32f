// Softmax, sigmoid and ranking.
#include "model/decision.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace fastformer::model {
namespace {

void check(std::span<const float> logits, std::span<double> probabilities) {
  if (logits.empty() || logits.size() != probabilities.size()) {
    throw Error(std::to_string(probabilities.size()) + " probabilities asked of " +
                std::to_string(logits.size()) + " logits");
  }
  for (const float logit : logits) {
    if (!std::isfinite(logit)) throw Error("the model gave a logit that is not a finite number");
  }
}

// The best labels. By logit: different logits may round to one probability.
std::vector<Ranked> best(std::span<const float> logits, std::span<const double> probabilities,
                         int top_k) {
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    ranked.push_back({static_cast<int>(i), probabilities[i]});
  }
  std::size_t kept = logits.size();
  if (top_k > 0) kept = std::min(kept, static_cast<std::size_t>(top_k));
  const auto better = [logits](const Ranked& a, const Ranked& b) {
    const float left = logits[static_cast<std::size_t>(a.label)];
    const float right = logits[static_cast<std::size_t>(b.label)];
    return left != right ? left > right : a.label < b.label;
  };
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranked.end(), better);
  ranked.resize(kept);
  return ranked;
}

}  // namespace

void softmax(std::span<const float> logits, std::span<double> probabilities, double temperature) {
  check(logits, probabilities);
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    probabilities[i] = std::exp((static_cast<double>(logits[i]) - largest) / temperature);
    sum += probabilities[i];
  }
  for (double& probability : probabilities) probability /= sum;
}

void sigmoid(std::span<const float> logits, std::span<double> probabilities, double temperature) {
  check(logits, probabilities);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    probabilities[i] = 1 / (1 + std::exp(-static_cast<double>(logits[i]) / temperature));
  }
}

std::vector<double> sigmoid_of_all(MatrixView<const float> logits, double temperature) {
  const auto columns = static_cast<std::size_t>(logits.columns);
  std::vector<double> probabilities(static_cast<std::size_t>(logits.rows) * columns);
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    sigmoid({logits.row(i), columns},
            std::span(probabilities).subspan(static_cast<std::size_t>(i) * columns, columns),
            temperature);
  }
  return probabilities;
}

double threshold_of(std::span<const double> thresholds, std::size_t label) {
  return thresholds.empty() ? kUsualThreshold : thresholds[label];
}

Decision decide(std::span<const float> logits, int top_k, double temperature) {
  std::vector<double> probabilities(logits.size());
  softmax(logits, probabilities, temperature);
  return {best(logits, probabilities, top_k)};
}

MultiDecision decide_multi(std::span<const float> logits, std::span<const double> thresholds,
                           double temperature, int top_k, double min_score) {
  if (!thresholds.empty() && thresholds.size() != logits.size()) {
    throw Error(std::to_string(thresholds.size()) + " thresholds for " +
                std::to_string(logits.size()) + " logits");
  }
  std::vector<double> probabilities(logits.size());
  sigmoid(logits, probabilities, temperature);
  MultiDecision decision;
  decision.ranked = best(logits, probabilities, 0);
  for (const Ranked& label : decision.ranked) {
    const double threshold = threshold_of(thresholds, static_cast<std::size_t>(label.label));
    if (label.score >= std::max(threshold, min_score)) decision.chosen.push_back(label);
  }
  if (top_k > 0 && static_cast<std::size_t>(top_k) < decision.ranked.size()) {
    decision.ranked.resize(static_cast<std::size_t>(top_k));
  }
  return decision;
}

}  // namespace fastformer::model
