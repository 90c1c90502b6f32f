// What the trainer knows of a task.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learn/encoders/encoder.h"

namespace fastformer::learn {

// Size of a batch, for progress and speed.
struct BatchSize {
  std::int64_t documents = 0;
  std::int64_t tokens = 0;
};

// Rows of an embedding table that a batch reads, distinct.
struct UsedRows {
  std::string parameter;
  std::vector<std::int64_t> rows;
};

// How good a model is on the validation rows.
struct Validation {
  double loss = 0;
  double score = 0;  // higher is better
};

// A model with its examples and loss.
class Task {
 public:
  virtual ~Task() = default;
  virtual Parameters& parameters() = 0;
  virtual std::string score_name() const = 0;  // "accuracy"

  // Lays out the batches of an epoch (from 0) and returns how many there are: the same for every
  // call with the same epoch.
  virtual std::int64_t begin_epoch(int epoch) = 0;
  virtual BatchSize batch_size(std::int64_t batch) const = 0;
  // The rows that a batch's loss may read of tables with sparse gradients.
  virtual std::vector<UsedRows> used_rows(std::int64_t batch) const = 0;
  // Mean loss of a batch of the current epoch.
  virtual at::Tensor loss(std::int64_t batch, const ForwardContext& context) = 0;

  // Whether training has parameters that the finished model does not. fold() makes the parameters
  // those of the finished model, which validate() sees; unfold() brings the others back, after
  // which all values have to be restored to those before fold().
  virtual bool folds() const { return false; }
  virtual void fold() {}
  virtual void unfold() {}

  virtual bool has_validation() const = 0;
  virtual Validation validate() = 0;
};

}  // namespace fastformer::learn
