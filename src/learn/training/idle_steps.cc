// Sums of geometric series, kept up to date as steps are made.
#include "learn/training/idle_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fastformer::learn {
namespace {

constexpr double kNegligible = 1e-9;

}  // namespace

IdleSteps::IdleSteps(const TrainingOptions& options)
    : update_(options.embedding_update),
      beta1_(options.beta1),
      beta2_(options.beta2),
      average_(options.average),
      ratio_(options.beta1 / std::sqrt(options.beta2)),
      rates_(1, 0.0),
      factors_(1, 0.0) {}

void IdleSteps::add(double learning_rate) {
  ++steps_;
  powers1_.push_back(powers1_.back() * beta1_);
  powers2_.push_back(powers2_.back() * beta2_);
  powers_average_.push_back(powers_average_.back() * average_);
  if (update_ == EmbeddingUpdate::kLazy) return;
  rates_.push_back(learning_rate / (1 - powers1_.back()));
  factors_.push_back(rates_.back() * std::sqrt(1 - powers2_.back()));
  sums_.emplace_back();
  sum_moves();
}

std::int64_t IdleSteps::horizon() const {
  if (ratio_ <= 0) return 1;
  if (ratio_ >= 1) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::ceil(std::log(kNegligible) / std::log(ratio_)));
}

// A row idle since step t makes the moves of one idle since t + 1, decayed once more, and that of
// step t + 1. Rows idle for longer than the horizon have sums that no longer change.
void IdleSteps::sum_moves() {
  Sums sums;
  const std::int64_t first = steps_ > horizon() ? steps_ - horizon() : 0;
  for (std::int64_t step = steps_ - 1; step >= first; --step) {
    const auto next = static_cast<std::size_t>(step + 1);
    const double share = powers_average_[static_cast<std::size_t>(steps_ - step)];
    sums.rates = beta1_ * (rates_[next] + sums.rates);
    sums.moves = ratio_ * (factors_[next] + sums.moves);
    sums.missing = ratio_ * (factors_[next] * share + sums.missing);
    sums.last = steps_;
    sums_[static_cast<std::size_t>(step)] = sums;
  }
}

kernels::IdleChange IdleSteps::since(std::int64_t step) const {
  const auto idle = static_cast<std::size_t>(steps_ - step);
  kernels::IdleChange change;
  change.average_decay = powers_average_[idle];
  if (update_ == EmbeddingUpdate::kLazy || idle == 0) return change;
  const Sums& sums = sums_[static_cast<std::size_t>(step)];
  change.mean_decay = powers1_[idle];
  change.square_decay = powers2_[idle];
  if (sums.moves <= 0) return change;
  const double after = powers_average_[static_cast<std::size_t>(steps_ - sums.last)];
  change.rate = sums.rates;
  change.root = sums.rates / sums.moves;
  change.average_share = 1 - sums.missing * after / sums.moves;
  return change;
}

}  // namespace fastformer::learn
