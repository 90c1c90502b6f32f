// Lookup of embedding rows whose gradient stays row-sparse.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learn/precompiled.h"

namespace fastformer::learn {

// The numbers of `ids` (int64, contiguous, on the processor).
std::span<const std::int64_t> ids_of(const at::Tensor& ids);
// Throws when one of `ids` is not in [0, rows).
void check_ids(const at::Tensor& ids, std::int64_t rows);

// A sparse gradient [table rows, width] of the rows `rows` (distinct, ascending) with `values`
// [rows, width].
at::Tensor sparse_rows(const std::vector<std::int64_t>& rows, const at::Tensor& values,
                       std::int64_t table_rows);

// Rows `ids` (int64 [tokens]) of table [vocabulary, width]: [tokens, width]. The table's gradient
// is a coalesced sparse tensor of the rows that occur, summed in the order of the tokens. Throws
// when an id is outside the table.
at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids);

}  // namespace fastformer::learn
