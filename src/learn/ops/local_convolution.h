// Differentiable mixing of neighbouring tokens.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// Depthwise convolution over each document's tokens: hidden [tokens, width], weight [odd, width],
// bias [width] -> [tokens, width]. The middle row of the weight meets the token itself, the rows
// before it the tokens before; a neighbour outside the document is 0. Kernels on the processor,
// ATen elsewhere.
at::Tensor local_convolution(const at::Tensor& hidden, const at::Tensor& weight,
                             const at::Tensor& bias, const Ragged& ragged);

// The same from ATen operations alone, on any device.
at::Tensor local_convolution_by_aten(const at::Tensor& hidden, const at::Tensor& weight,
                                     const at::Tensor& bias, const Ragged& ragged);

}  // namespace fastformer::learn
