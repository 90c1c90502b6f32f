// Softmax and ranking.
#include "model/decision.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace fastformer::model {

void softmax(std::span<const float> logits, std::span<double> probabilities, double temperature) {
  if (logits.empty() || logits.size() != probabilities.size()) {
    throw Error(std::to_string(probabilities.size()) + " probabilities asked of " +
                std::to_string(logits.size()) + " logits");
  }
  for (const float logit : logits) {
    if (!std::isfinite(logit)) throw Error("the model gave a logit that is not a finite number");
  }
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    probabilities[i] = std::exp((static_cast<double>(logits[i]) - largest) / temperature);
    sum += probabilities[i];
  }
  for (double& probability : probabilities) probability /= sum;
}

Decision decide(std::span<const float> logits, int top_k, double temperature) {
  std::vector<double> probabilities(logits.size());
  softmax(logits, probabilities, temperature);
  Decision decision;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    decision.ranked.push_back({static_cast<int>(i), probabilities[i]});
  }
  std::size_t kept = logits.size();
  if (top_k > 0) kept = std::min(kept, static_cast<std::size_t>(top_k));
  // By logit: different logits may round to one probability.
  const auto better = [logits](const Ranked& a, const Ranked& b) {
    const float left = logits[static_cast<std::size_t>(a.label)];
    const float right = logits[static_cast<std::size_t>(b.label)];
    return left != right ? left > right : a.label < b.label;
  };
  std::partial_sort(decision.ranked.begin(),
                    decision.ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                    decision.ranked.end(), better);
  decision.ranked.resize(kept);
  return decision;
}

}  // namespace fastformer::model
