// A column whose rows belong together, found by its name and its values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/parallel.h"
#include "data/corpus_options.h"

namespace fastformer::data {

struct GroupColumn {
  std::string name;
  std::int64_t groups = 0;  // distinct values in the rows looked at
  std::int64_t rows = 0;    // looked at
};

// Looks at the beginning of a file for a column with a name such as author, user_id, source or
// product_id, which is none of the columns in use, whose values repeat and are at least 10 (with
// fewer, a validation split cannot hold a tenth of the rows). Nothing for standard input, which
// cannot be read twice, for folders, and for files without names for their columns.
std::optional<GroupColumn> likely_group_column(const std::string& path,
                                               const CorpusOptions& options, bool needs_label,
                                               const ParallelFor& parallel_for);

}  // namespace fastformer::data
