// Plans of batches and what they hold.
#include "learn/tasks/document_batches.h"

#include <algorithm>
#include <numeric>

namespace fastformer::learn {

void make_distinct(UsedRows& used) {
  std::sort(used.rows.begin(), used.rows.end());
  used.rows.erase(std::unique(used.rows.begin(), used.rows.end()), used.rows.end());
}

std::int64_t DocumentBatches::begin_epoch(int epoch) {
  plan_ = data::plan_batches(lengths_, options_, seed_, epoch);
  return static_cast<std::int64_t>(plan_.size());
}

BatchSize DocumentBatches::size(std::int64_t batch) const {
  BatchSize size;
  size.documents = static_cast<std::int64_t>(documents(batch).size());
  for (const std::int64_t document : documents(batch)) {
    size.tokens += lengths_[static_cast<std::size_t>(document)];
  }
  return size;
}

UsedRows DocumentBatches::positions(std::int64_t batch) const {
  std::int64_t longest = 0;
  for (const std::int64_t document : documents(batch)) {
    longest = std::max(longest, lengths_[static_cast<std::size_t>(document)]);
  }
  UsedRows positions = {"embedding.position.weight", {}};
  positions.rows.resize(static_cast<std::size_t>(longest));
  std::iota(positions.rows.begin(), positions.rows.end(), 0);
  return positions;
}

}  // namespace fastformer::learn
