// Lookup of embedding rows whose gradient may stay row-sparse.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learn/precompiled.h"

namespace fastformer::learn {

// What the gradient of a table holds.
enum class TableGradient {
  kRows,  // a coalesced sparse tensor of the rows that were read
  kAll,   // a dense tensor, 0 in rows that were not read
};

// The numbers of `ids` (int64, contiguous, on the processor).
std::span<const std::int64_t> ids_of(const at::Tensor& ids);
// Throws when one of `ids` is not in [0, rows).
void check_ids(const at::Tensor& ids, std::int64_t rows);

// A sparse gradient [table rows, width] of the rows `rows` (distinct, ascending) with `values`
// [rows, width].
at::Tensor sparse_rows(const std::vector<std::int64_t>& rows, const at::Tensor& values,
                       std::int64_t table_rows);

// Rows `ids` (int64 [tokens]) of table [vocabulary, width]: [tokens, width]. Throws when one of ids
// on the processor is outside the table; ids that are on another device have to be inside.
at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids,
                  TableGradient gradient = TableGradient::kRows);
// The same from ATen operations, of ids on the table's device.
at::Tensor lookup_by_aten(const at::Tensor& table, const at::Tensor& ids, TableGradient gradient);

}  // namespace fastformer::learn
