// A smaller table for the wide branch, from one that was fitted.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/wide_table.h"

namespace fastformer::model {

// Where the `most` largest values stand, ascending; of equal ones the first.
std::vector<std::size_t> places_of_largest(std::span<const double> values, std::size_t most);

// The table with the `most` features that matter most, all if it has no more: by how many documents
// have them, which their idf tells, times squared weights, as training chooses them under a limit.
WideTable pruned(const WideTable& table, std::size_t most);

}  // namespace fastformer::model
