// Newton's method for two factors and an offset.
#include "model/sigmoid_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "metrics/logistic.h"

namespace fastformer::model {
namespace {

constexpr std::size_t kWide = 0, kEncoder = 1, kOffset = 2;  // the three numbers that are fitted
using Numbers = std::array<double, 3>;

// Value, gradient and second derivatives.
struct Loss {
  double value = 0;
  Numbers first = {};
  std::array<Numbers, 3> second = {};
};

double mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// second * step = first, where `held` numbers have a step of 0. `second` is positive definite.
Numbers newton_step(const Loss& loss, const std::array<bool, 3>& held) {
  std::array<Numbers, 3> matrix = loss.second;
  Numbers right = loss.first;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!held[i]) continue;
    for (std::size_t j = 0; j < 3; ++j) matrix[i][j] = matrix[j][i] = i == j ? 1 : 0;
    right[i] = 0;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t row = i + 1; row < 3; ++row) {
      const double factor = matrix[row][i] / matrix[i][i];
      for (std::size_t j = i; j < 3; ++j) matrix[row][j] -= factor * matrix[i][j];
      right[row] -= factor * right[i];
    }
  }
  Numbers step = {};
  for (std::size_t i = 3; i-- > 0;) {
    double sum = right[i];
    for (std::size_t j = i + 1; j < 3; ++j) sum -= matrix[i][j] * step[j];
    step[i] = sum / matrix[i][i];
  }
  return step;
}

// What a label of a document is given, and the label's share.
struct Given {
  Numbers inputs;
  double target = 0;
};

// Adds the cross entropy of the label's sigmoid.
void add_to(Loss& total, const Given& given, const Numbers& at) {
  double logit = 0;
  for (std::size_t i = 0; i < 3; ++i) logit += at[i] * given.inputs[i];
  const auto [p, softplus] = metrics::logistic(logit);
  total.value += softplus - given.target * logit;
  for (std::size_t i = 0; i < 3; ++i) {
    total.first[i] += (p - given.target) * given.inputs[i];
    for (std::size_t j = i; j < 3; ++j) {
      total.second[i][j] += p * (1 - p) * given.inputs[i] * given.inputs[j];
    }
  }
}

class SigmoidFit {
 public:
  SigmoidFit(std::span<const float> scores, std::span<const float> logits,
             std::span<const float> targets)
      : scores_(scores),
        logits_(logits),
        targets_(targets),
        penalty_({mean_square(scores) + 1e-12, mean_square(logits) + 1e-12, 1}) {}

  BranchFactors solve() const {
    // From where each branch alone has a spread of 1.
    Numbers at = {0.5 / std::sqrt(penalty_[kWide]), 0.5 / std::sqrt(penalty_[kEncoder]), 0};
    Loss loss = loss_at(at);
    for (int iteration = 0; iteration < 100; ++iteration) {
      auto [next, after] = improved(at, loss);
      const bool done = loss.value - after.value < 1e-10 * (1 + loss.value);
      if (after.value < loss.value) {
        at = next;
        loss = after;
      }
      if (done) break;
    }
    return {at[kWide], at[kEncoder], at[kOffset]};
  }

 private:
  // One Newton step, its factors cut at 0, halved until the loss falls. A factor that rests at 0
  // and would go below is held there.
  std::pair<Numbers, Loss> improved(const Numbers& at, const Loss& loss) const {
    const std::array<bool, 3> held = {at[kWide] == 0 && loss.first[kWide] > 0,
                                      at[kEncoder] == 0 && loss.first[kEncoder] > 0, false};
    const Numbers step = newton_step(loss, held);
    std::pair<Numbers, Loss> result = {at, loss};
    for (double scale = 1; scale > 1e-6; scale /= 2) {
      result.first = {std::max(at[kWide] - scale * step[kWide], 0.0),
                      std::max(at[kEncoder] - scale * step[kEncoder], 0.0),
                      at[kOffset] - scale * step[kOffset]};
      result.second = loss_at(result.first);
      if (result.second.value < loss.value) break;
    }
    return result;
  }

  Loss loss_at(const Numbers& at) const {
    Loss total;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      add_to(total, {{scores_[i], logits_[i], 1}, targets_[i]}, at);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      total.value += 0.5 * penalty_[i] * at[i] * at[i];
      total.first[i] += penalty_[i] * at[i];
      total.second[i][i] += penalty_[i];
      for (std::size_t j = i + 1; j < 3; ++j) total.second[j][i] = total.second[i][j];
    }
    return total;
  }

  std::span<const float> scores_, logits_, targets_;
  Numbers penalty_;
};

}  // namespace

BranchFactors fit_under_sigmoid(std::span<const float> scores, std::span<const float> logits,
                                std::span<const float> targets) {
  return SigmoidFit(scores, logits, targets).solve();
}

}  // namespace fastformer::model
