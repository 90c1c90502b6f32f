// What a training will take of memory, said before it does.
#pragma once

#include <cstdint>

#include "commands/encoded_rows.h"
#include "commands/train_options.h"
#include "learn/tasks/masking.h"

namespace fastformer::apps {

// Bytes, about: how they come about is in docs/results.md.
struct MemoryNeed {
  std::int64_t program = 0;     // the program and torch
  std::int64_t parameters = 0;  // with gradients, moments, and the copies that training keeps
  std::int64_t batch = 0;       // what the largest batch leaves for its backward pass
  std::int64_t rows = 0;        // facts about rows, and the wide branch's counts of n-grams

  std::int64_t total() const { return program + parameters + batch + rows; }
};

// `options` as they are when the rows have settled them.
MemoryNeed memory_need(const TrainOptions& options, const EncodedRows& rows);

// What a pretraining is, as far as its memory goes.
struct Pretraining {
  const model::ModelConfig& model;
  const data::BatchOptions& batches;
  const learn::TrainingOptions& training;
  const learn::MaskingOptions& masking;
};
MemoryNeed memory_need(const Pretraining& pretraining, const data::Documents& train,
                       const data::Documents& valid);

// Warns when that is more than is available, and says what to change.
void warn_of_memory(const MemoryNeed& need);

}  // namespace fastformer::apps
