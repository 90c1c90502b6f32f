// A smaller table for the wide branch, from one that was fitted.
#pragma once

#include <cstddef>

#include "model/wide_table.h"

namespace fastformer::model {

// The table with the `most` features that matter most, all if it has no more: by how many documents
// have them, which their idf tells, times squared weights, as training chooses them under a limit.
WideTable pruned(const WideTable& table, std::size_t most);

}  // namespace fastformer::model
