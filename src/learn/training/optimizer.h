// Adam and AdamW over a model's parameters; row-sparse gradients update their rows alone.
#pragma once

#include <vector>

#include "learn/parameters.h"
#include "learn/training/training_options.h"

namespace fastformer::learn {

// Kingma and Ba's Adam, or Loshchilov and Hutter's AdamW. A tensor whose gradient is sparse keeps
// its moments for all rows but reads and writes only the rows of the gradient ("lazy" Adam): a row
// that a batch does not touch stands still, and the cost follows the batch, not the vocabulary. The
// rows of a sparse gradient must be distinct, as lookup() makes them.
class Optimizer {
 public:
  Optimizer(const Parameters& parameters, const TrainingOptions& options);

  // One update with the gradients of the parameters; a tensor without one is left alone.
  void step(double learning_rate);

 private:
  struct State {
    at::Tensor parameter, mean, square, steps;
    bool decays = false;
  };

  void update(const State& state, const at::Tensor& gradient, double learning_rate) const;
  void update_rows(const State& state, const at::Tensor& gradient, double learning_rate) const;

  TrainingOptions options_;
  std::vector<State> states_;
};

// Norm of all gradients together; when it is above `limit` > 0 they are scaled down to it.
double clip_gradients(const Parameters& parameters, double limit);

}  // namespace fastformer::learn
