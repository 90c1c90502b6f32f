// Dropout whose mask is a function of a seed, so that backward needs no stored mask.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// output[i] = input[i] / (1 - rate) where hash(seed, i) keeps the element, else 0. The rate is
// rounded to a multiple of 2^-16. The result does not depend on the number of threads; `output`
// may be `input`. The gradient is the same function of the gradient.
template <typename T>
void dropout(std::span<const T> input, double rate, std::uint64_t seed, std::span<T> output,
             const ParallelFor& parallel_for);

// The same with one mask per document and channel, shared by the document's tokens: input [tokens,
// width] of documents laid end to end, offsets [documents + 1].
template <typename T>
void dropout_by_document(std::span<const std::int64_t> offsets, MatrixView<const T> input,
                         double rate, std::uint64_t seed, MatrixView<T> output,
                         const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
