// Max pooling: each document's largest value of every channel, forward and backward, on documents
// laid end to end.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// maxima [documents, width] of rows [tokens, width], and the token that each came from: of equal
// ones the first. An empty document's maxima are 0 and its tokens -1. offsets [documents + 1];
// tokens below 2^31.
template <typename T>
void document_max(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                  MatrixView<T> maxima, MatrixView<std::int32_t> tokens,
                  const ParallelFor& parallel_for);

// Gradient of rows [tokens, width] from the maxima's: it goes to the tokens they came from, 0 to
// the others.
template <typename T>
void document_max_backward(std::span<const std::int64_t> offsets,
                           MatrixView<const std::int32_t> tokens,
                           MatrixView<const T> maxima_gradient, MatrixView<T> rows_gradient,
                           const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
