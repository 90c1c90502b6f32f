// From the finished cells of a comparison to what its report tells.
#pragma once

#include "commands/compare_options.h"
#include "learn/experiments/cell_journal.h"
#include "report/comparison.h"

namespace fastformer::apps {

// Whether a limit ended the cell's curve before it, so that it is not to be done.
bool is_beyond_an_end(const learn::Cell& cell, const ComparePlan& plan,
                      const learn::CellJournal& journal);

// The models and curves of the plan as far as their cells are finished.
report::Comparison comparison_of(const CompareOptions& options, const ComparePlan& plan,
                                 const learn::CellJournal& journal);

}  // namespace fastformer::apps
