// Limits of a comparison's cells, and which that ended are to be tried again.
#pragma once

#include "commands/compare_options.h"
#include "learn/experiments/cell_journal.h"

namespace fastformer::apps {

struct CellLimits {
  explicit CellLimits(const CompareOptions& options);

  double seconds_of(const learn::Cell& cell) const;  // 0: none
  // What ended at the limit that the result names, and would go further now.
  bool are_higher_than(const learn::Cell& cell, const config::Json& ended) const;

  double training_seconds, sweep_seconds;
  std::int64_t memory;  // bytes that a process may hold; 0: nobody knows
  bool is_memory_given;
};

// Results of cells at a limit: {"ended": what to say, and the limit}.
config::Json ended_by_time(double seconds);
config::Json ended_by_memory(std::int64_t bytes);

// Makes the journal forget the plan's cells that ended at a limit that is higher now, with --retry
// all that ended; returns how many.
int forget_to_try_again(const CompareOptions& options, const ComparePlan& plan,
                        learn::CellJournal& journal);

}  // namespace fastformer::apps
