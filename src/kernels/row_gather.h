// Rows of an embedding table: gathered forward, summed per distinct row backward.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// The gradient of a table that only a few rows of have.
template <typename T>
struct RowGradient {
  std::vector<std::int64_t> rows;  // ascending, distinct
  std::vector<T> values;           // [rows, width]
};

// Sums gradient [tokens, width] over the tokens of each distinct id, in the order of the tokens:
// the result does not depend on the number of threads. Ids and the count of tokens are below 2^31.
template <typename T>
RowGradient<T> sum_rows_by_id(std::span<const std::int64_t> ids, MatrixView<const T> gradient,
                              const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
