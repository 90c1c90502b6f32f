// What steps without a gradient do to a row of a table, as a few numbers per step count.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/row_adam.h"
#include "learn/training/training_options.h"

namespace fastformer::learn {

// Dense Adam moves a row whose gradient is 0 at step t + k by
//   rate_(t+k) / (1 - beta1^(t+k)) * beta1^k mean / (root_k sqrt(square) + epsilon),
//   root_k = sqrt(beta2^k / (1 - beta2^(t+k))).
// The root hardly changes while beta1^k lasts, so the moves' sum, and what they do to a running
// average of the row, are taken with one root, which makes them exact where epsilon does not count.
// Lazy Adam leaves the row where it is, and only its average goes on.
class IdleSteps {
 public:
  explicit IdleSteps(const TrainingOptions& options);

  // One more step was made, with this learning rate.
  void add(double learning_rate);
  std::int64_t steps() const { return steps_; }
  // Whether idle steps do anything to a row or to its average.
  bool change_rows() const { return update_ == EmbeddingUpdate::kDense || average_ > 0; }

  // Of the steps after `step`, at which the row was last brought up to date, to the last one made.
  kernels::IdleChange since(std::int64_t step) const;

 private:
  // Steps of which the momentum is still felt, by far.
  std::int64_t horizon() const;
  void sum_moves();

  EmbeddingUpdate update_;
  double beta1_, beta2_, average_;
  double ratio_;  // of one idle move to the one before, rates and epsilon aside
  std::int64_t steps_ = 0;
  std::vector<double> rates_;    // by step s: rate / (1 - beta1^s)
  std::vector<double> factors_;  // by step: the same times sqrt(1 - beta2^s)
  // By the step since which a row is idle: the sum of rate_s / (1 - beta1^s) beta1^k, of the same
  // over root_k, and of the latter times average^(steps from s to the last one summed, both
  // counted), which is what an average of the row does not have of the move yet.
  struct Sums {
    double rates = 0, moves = 0, missing = 0;
    std::int64_t last = 0;  // the last step summed
  };
  std::vector<Sums> sums_;
  std::vector<double> powers1_ = {1}, powers2_ = {1}, powers_average_ = {1};  // by exponent
};

}  // namespace fastformer::learn
