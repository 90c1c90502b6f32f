// The loops of document_scale.
#include "kernels/document_scale.h"

#include <algorithm>

namespace fastformer::kernels {
namespace {

// Documents that together have enough work for one thread.
template <typename T>
std::int64_t documents_per_range(MatrixView<const T> rows, std::int64_t documents) {
  constexpr std::int64_t kElements = 1 << 15;
  const std::int64_t elements = std::max<std::int64_t>(1, rows.rows * rows.columns);
  return std::max<std::int64_t>(1, kElements * documents / elements);
}

}  // namespace

template <typename T>
void document_scale(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                    MatrixView<const T> vectors, MatrixView<T> scaled,
                    const ParallelFor& parallel_for) {
  const std::int64_t grain = documents_per_range(rows, vectors.rows);
  parallel_for(vectors.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const T* vector = vectors.row(b);
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        const T* row = rows.row(i);
        T* to = scaled.row(i);
        for (std::int64_t j = 0; j < rows.columns; ++j) to[j] = row[j] * vector[j];
      }
    }
  });
}

template <typename T>
void document_scale_vectors_backward(std::span<const std::int64_t> offsets,
                                     MatrixView<const T> rows, MatrixView<const T> scaled_gradient,
                                     MatrixView<T> vectors_gradient,
                                     const ParallelFor& parallel_for) {
  const std::int64_t grain = documents_per_range(rows, vectors_gradient.rows);
  parallel_for(vectors_gradient.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      T* sum = vectors_gradient.row(b);
      std::fill_n(sum, vectors_gradient.columns, T(0));
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        const T* row = rows.row(i);
        const T* upstream = scaled_gradient.row(i);
        for (std::int64_t j = 0; j < rows.columns; ++j) sum[j] += row[j] * upstream[j];
      }
    }
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                            \
  template void document_scale<T>(std::span<const std::int64_t>, MatrixView<const T>,        \
                                  MatrixView<const T>, MatrixView<T>, const ParallelFor&);   \
  template void document_scale_vectors_backward<T>(std::span<const std::int64_t>,            \
                                                   MatrixView<const T>, MatrixView<const T>, \
                                                   MatrixView<T>, const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
