// Every token's weighted sum of its neighbours, channel by channel, forward and backward, on
// documents laid end to end.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// outputs_i = bias + sum over k of taps_k o rows_(i + k - taps / 2), both [tokens, width]: taps
// [odd, width], bias [width], offsets [documents + 1]. A neighbour that the token's document does
// not have counts as 0. With the taps in reverse order and a bias of 0 the same turns the outputs'
// gradient into the rows'.
template <typename T>
void depthwise_convolution(std::span<const std::int64_t> offsets, MatrixView<const T> rows,
                           MatrixView<const T> taps, std::span<const T> bias, MatrixView<T> outputs,
                           const ParallelFor& parallel_for);

// The same for tokens [begin, begin + outputs.rows) of one document, whose tokens are `document`.
template <typename T>
void convolve_document(MatrixView<const T> document, MatrixView<const T> taps, const T* bias,
                       std::int64_t begin, MatrixView<T> outputs);

// Gradient of the taps [odd, width] from the outputs' [tokens, width], summed in the order of the
// tokens, whatever the number of threads.
template <typename T>
void depthwise_convolution_taps_backward(std::span<const std::int64_t> offsets,
                                         MatrixView<const T> rows,
                                         MatrixView<const T> outputs_gradient,
                                         MatrixView<T> taps_gradient,
                                         const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
