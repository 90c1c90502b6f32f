// Adam and AdamW over a model's parameters; row-sparse gradients update their rows alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learn/parameters.h"
#include "learn/tasks/task.h"
#include "learn/training/training_options.h"

namespace fastformer::learn {

// Kingma and Ba's Adam, or Loshchilov and Hutter's AdamW. A table whose gradient is sparse gives
// the same numbers as dense Adam (to rounding, and to epsilon against the root of a square) at a
// cost that follows the batch, not the table: what momentum alone would have done to a row since it
// was last touched is one factor, applied when the row is used again. Embedding tables do not
// decay.
class Optimizer {
 public:
  Optimizer(const Parameters& parameters, const TrainingOptions& options);

  // Before a forward pass: brings the rows that it will read up to date.
  void prepare(std::span<const UsedRows> used);
  // One update with the gradients of the parameters; a tensor without one is left alone. The rows
  // of a sparse gradient must be distinct, as lookup() makes them.
  void step(double learning_rate);
  // Brings all rows up to date: before parameters are validated, copied or saved.
  void settle();

 private:
  struct State {
    std::string name;
    at::Tensor parameter, mean, square, steps;
    bool decays = false;
    std::vector<std::int64_t> touched;  // of a sparse table: the step of each row's last update
  };

  void update(const State& state, const at::Tensor& gradient, double learning_rate) const;
  void update_rows(State& state, const at::Tensor& gradient, double learning_rate);
  void catch_up(State& state, std::span<const std::int64_t> rows);
  // What momentum alone does to a row: -rate * mean / (root * sqrt(square) + epsilon).
  struct Momentum {
    double rate = 0;
    double root = 1;
  };
  Momentum momentum_since(std::int64_t touched) const;

  TrainingOptions options_;
  std::vector<State> states_;
  std::vector<double> learning_rates_;  // of the steps made
};

// Norm of all gradients together; when it is above `limit` > 0 they are scaled down to it.
double clip_gradients(const Parameters& parameters, double limit);

}  // namespace fastformer::learn
