// Adam and AdamW over a model's parameters; row-sparse gradients update their rows alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learn/parameters.h"
#include "learn/tasks/task.h"
#include "learn/training/checkpoint.h"
#include "learn/training/idle_steps.h"
#include "learn/training/row_table.h"
#include "learn/training/training_options.h"

namespace fastformer::learn {

// Kingma and Ba's Adam, or Loshchilov and Hutter's AdamW. A table whose gradient is sparse costs
// what the batch's rows cost. With dense updates it gives the same numbers as dense Adam (to
// rounding, and to epsilon against the root of a square): what momentum alone would have done to a
// row since it was last touched is one factor, applied when the row is used again. With lazy
// updates a row rests while it is not touched. Embedding tables do not decay.
//
// With options.average = d > 0 a running average of all values is kept, a <- d a + (1 - d) values
// after each step, beginning at 0; of tables by the same means.
class Optimizer {
 public:
  Optimizer(const Parameters& parameters, const TrainingOptions& options);

  // Whether prepare() has anything to do.
  bool prepares() const;
  // Before a forward pass: brings the rows that it will read up to date.
  void prepare(std::span<const UsedRows> used);
  // One update with the gradients of the parameters; a tensor without one is left alone. The rows
  // of a sparse gradient must be distinct, as lookup() makes them. A table may change from sparse
  // gradients to dense ones and back.
  void step(double learning_rate);
  // Brings all rows up to date: before parameters are validated, copied or saved.
  void settle();
  // The average of the values after each step so far, weighted by d^age and by weights that sum to
  // 1, in the order of the parameters at the beginning. After settle(), and with an average kept.
  std::vector<at::Tensor> averages() const;

  // All that the next step depends on, and the way back: into a fresh optimizer of the same
  // parameters, which were given the learning rates `rates` so far.
  void save(Checkpoint& state) const;
  void load(const Checkpoint& state, std::span<const double> rates);

 private:
  struct State {
    std::string name;
    AdamState adam;
    at::Tensor steps;
    bool decays = false;
    std::optional<RowTable> rows;  // since the first sparse gradient
  };

  void settle(State& state) const;
  // Before a dense gradient: the table's steps are counted with those of the other tensors.
  void leave_rows(State& state) const;
  kernels::AdamStep row_step(double learning_rate) const;

  TrainingOptions options_;
  IdleSteps idle_;
  std::vector<State> states_;
};

// The gradients of tables with which a step costs least on a device: a GPU passes over a whole
// table sooner than it finds the rows that were read. Rows that are to rest while they are not read
// have to be told from the others.
TableGradient table_gradient_for(const TrainingOptions& options, at::Device device);

// Norm of all gradients together, a double on their device.
at::Tensor gradient_norm(const Parameters& parameters);
// Scales gradients whose norm is above `limit` > 0 down to it.
void clip_gradients(const Parameters& parameters, double norm, double limit);

}  // namespace fastformer::learn
