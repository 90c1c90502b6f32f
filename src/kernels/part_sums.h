// Sums over rows that were made part by part, side by side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// sums [columns] += every row.
inline void add_rows(MatrixView<const float> rows, float* sums) {
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    const float* row = rows.row(i);
    for (std::int64_t j = 0; j < rows.columns; ++j) sums[j] += row[j];
  }
}

// to[i] = the sum of member[i] of all parts, of which there is at least one, in their order.
template <typename Part>
void sum_parts(const std::vector<Part>& parts, std::vector<float> Part::*member, float* to,
               const ParallelFor& parallel_for) {
  constexpr std::int64_t kElements = 16384;
  const auto elements = static_cast<std::int64_t>((parts[0].*member).size());
  parallel_for(elements, kElements, [&](std::int64_t begin, std::int64_t end) {
    std::copy((parts[0].*member).begin() + begin, (parts[0].*member).begin() + end, to + begin);
    for (std::size_t p = 1; p < parts.size(); ++p) {
      const float* from = (parts[p].*member).data();
      for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
  });
}

}  // namespace fastformer::kernels
