// The training loop: order, schedule, update, validation, early stopping and the best model.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "learn/tasks/task.h"
#include "learn/training/checkpoint.h"
#include "learn/training/training_options.h"

namespace fastformer::learn {

// After each step.
struct StepReport {
  int epoch = 0;           // from 1
  std::int64_t step = 0;   // from 1
  std::int64_t steps = 0;  // of the whole run, as planned
  double loss = 0;         // of this batch
  double smoothed_loss = 0;
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
  double tokens_per_second = 0;  // since training began
};

// After each epoch.
struct EpochReport {
  int epoch = 0;
  double training_loss = 0;  // mean over the epoch's documents
  bool validated = false;
  Validation validation;
  bool best = false;   // the best so far
  double seconds = 0;  // since training began
};

struct TrainingObserver {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const EpochReport&)> on_epoch;
};

struct TrainingResult {
  int best_epoch = 0;     // the last one without validation
  int epochs = 0;         // that were run
  Validation validation;  // of the best epoch
  double seconds = 0;
  std::int64_t tokens = 0;  // that were trained on
  // Where a loss or a gradient was not finite after a first epoch had been: what was not, and when.
  std::string diverged;
};

// Where a training's state goes while it runs.
class StateKeeper {
 public:
  virtual ~StateKeeper() = default;
  // Asked after each step: whether the state is to be kept now. `is_last`: of those planned.
  virtual bool is_due(bool is_last) = 0;
  // Takes the state after a step; throws to end the training. The tensors change after the call.
  virtual void keep(const Checkpoint& state) = 0;
};

struct Continuation {
  StateKeeper* keeper = nullptr;
  const Checkpoint* state = nullptr;  // to go on from
};

// Trains the task's parameters and leaves the best ones in it, as the finished model has them:
// those of the epoch with the highest validation score (ties: the lowest validation loss), or the
// last ones without validation. The same options and data give the same bits on one machine, and so
// does a training that goes on from a state that was kept of the same. A loss or gradient that is
// not finite ends the training with the best parameters until then; in the first epoch it is an
// Error.
TrainingResult train(Task& task, const TrainingOptions& options, const TrainingObserver& observer,
                     const Continuation& continuation = {});

}  // namespace fastformer::learn
