// The loop of document_sum.
#include "kernels/document_sum.h"

#include <algorithm>

namespace fastformer::kernels {

template <typename T>
void document_sum(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                  MatrixView<T> sums, const ParallelFor& parallel_for) {
  parallel_for(sums.rows, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      T* sum = sums.row(b);
      std::fill(sum, sum + sums.columns, T(0));
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        const T* row = rows.row(i);
        for (std::int64_t j = 0; j < sums.columns; ++j) sum[j] += row[j];
      }
    }
  });
}

template void document_sum<float>(std::span<const std::int64_t>, MatrixView<const float>,
                                  MatrixView<float>, const ParallelFor&);
template void document_sum<double>(std::span<const std::int64_t>, MatrixView<const double>,
                                   MatrixView<double>, const ParallelFor&);

}  // namespace fastformer::kernels
