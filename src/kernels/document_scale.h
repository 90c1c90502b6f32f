// Every token's vector times a vector of its document, element by element, forward and backward.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// scaled = rows o their document's vector: rows and scaled [tokens, width], vectors [documents,
// width], offsets [documents + 1].
template <typename T>
void document_scale(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                    MatrixView<const T> vectors, MatrixView<T> scaled,
                    const ParallelFor& parallel_for);

// Gradient of the vectors from that of `scaled`, summed in the order of the tokens. That of the
// rows is document_scale of it.
template <typename T>
void document_scale_vectors_backward(std::span<const std::int64_t> offsets,
                                     MatrixView<const T> rows, MatrixView<const T> scaled_gradient,
                                     MatrixView<T> vectors_gradient,
                                     const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
