// How a comparison was measured, for its report.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "commands/compare_options.h"
#include "learn/experiments/cell_journal.h"

namespace fastformer::apps {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // names and what they are

// Machines that did the plan's cells; of several, with the number of cells that each did.
std::vector<std::string> machines_of(const ComparePlan& plan, const learn::CellJournal& journal);

// `machines`: what machines_of says; none before the first cell.
Pairs facts_of(const CompareOptions& options, const std::vector<std::string>& machines);

// The options that a plan was told, one a pair.
Pairs options_of(const config::Json& told);

}  // namespace fastformer::apps
