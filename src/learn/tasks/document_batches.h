// The batches of an epoch that a task's training documents fall into.
#pragma once

#include <cstdint>
#include <vector>

#include "data/batches.h"
#include "learn/tasks/task.h"

namespace fastformer::learn {

// Puts the rows in ascending order, each once.
void make_distinct(UsedRows& used);

class DocumentBatches {
 public:
  // `seed` orders the documents.
  DocumentBatches(const data::Documents& documents, const data::BatchOptions& options,
                  std::uint64_t seed)
      : lengths_(documents.lengths()), options_(options), seed_(seed) {}

  // As Task has them.
  std::int64_t begin_epoch(int epoch);
  BatchSize size(std::int64_t batch) const;
  // The documents of a batch of the epoch that was begun.
  const std::vector<std::int64_t>& documents(std::int64_t batch) const {
    return plan_.at(static_cast<std::size_t>(batch));
  }
  // The rows of the table of positions that they read.
  UsedRows positions(std::int64_t batch) const;

 private:
  std::vector<std::int64_t> lengths_;
  data::BatchOptions options_;
  std::uint64_t seed_;
  std::vector<std::vector<std::int64_t>> plan_;
};

}  // namespace fastformer::learn
