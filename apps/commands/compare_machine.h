// Which machines measured the cells of a comparison: only speeds of one can be compared.
#pragma once

#include <string>

#include "commands/compare_options.h"
#include "learn/experiments/cell_journal.h"

namespace fastformer::apps {

// What does cells now, to be kept with each: {"processor": its name, "threads": that are used}.
config::Json machine_of(const CompareOptions& options);

// "NAME, 4 threads"; "" of a cell that does not say.
std::string machine_text(const config::Json& result);

// Warns when cells of the journal, whatever the plan, were done by another machine than `now`.
void warn_of_other_machines(const learn::CellJournal& journal, const config::Json& now);

}  // namespace fastformer::apps
