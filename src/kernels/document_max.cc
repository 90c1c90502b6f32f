// The loops of max pooling.
#include "kernels/document_max.h"

#include <algorithm>

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kDocumentsPerRange = 8;

}  // namespace

template <typename T>
void document_max(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                  MatrixView<T> maxima, MatrixView<std::int32_t> tokens,
                  const ParallelFor& parallel_for) {
  const auto pool_document = [&](std::int64_t b) {
    const std::int64_t begin = offsets[b], end = offsets[b + 1];
    T* largest = maxima.row(b);
    std::int32_t* token = tokens.row(b);
    if (begin == end) {
      std::fill(largest, largest + maxima.columns, T(0));
      std::fill(token, token + maxima.columns, -1);
      return;
    }
    std::copy_n(rows.row(begin), maxima.columns, largest);
    std::fill(token, token + maxima.columns, static_cast<std::int32_t>(begin));
    for (std::int64_t i = begin + 1; i < end; ++i) {
      const T* row = rows.row(i);
      for (std::int64_t j = 0; j < maxima.columns; ++j) {
        const bool larger = row[j] > largest[j] || row[j] != row[j];  // NaN wins, and stays
        largest[j] = larger ? row[j] : largest[j];
        token[j] = larger ? static_cast<std::int32_t>(i) : token[j];
      }
    }
  };
  parallel_for(maxima.rows, kDocumentsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) pool_document(b);
  });
}

template <typename T>
void document_max_backward(std::span<const std::int64_t> offsets,
                           MatrixView<const std::int32_t> tokens,
                           MatrixView<const T> maxima_gradient, MatrixView<T> rows_gradient,
                           const ParallelFor& parallel_for) {
  parallel_for(tokens.rows, kDocumentsPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        std::fill_n(rows_gradient.row(i), tokens.columns, T(0));
      }
      if (offsets[b] == offsets[b + 1]) continue;
      for (std::int64_t j = 0; j < tokens.columns; ++j) {
        rows_gradient(tokens(b, j), j) = maxima_gradient(b, j);
      }
    }
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                                  \
  template void document_max<T>(std::span<const std::int64_t>, MatrixView<const T>, MatrixView<T>, \
                                MatrixView<std::int32_t>, const ParallelFor&);                     \
  template void document_max_backward<T>(std::span<const std::int64_t>,                            \
                                         MatrixView<const std::int32_t>, MatrixView<const T>,      \
                                         MatrixView<T>, const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
