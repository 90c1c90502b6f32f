// Sums of the rows of each document.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// sums [documents, width] of rows [tokens, width], in the order of the tokens; offsets [documents +
// 1].
template <typename T>
void document_sum(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                  MatrixView<T> sums, const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
