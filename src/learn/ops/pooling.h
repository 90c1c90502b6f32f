// Differentiable sums over ragged documents.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// Softmax of scores [tokens, heads] over each document's tokens, then the weighted sum of values
// [tokens, width], head by head: [documents, width]. `epsilon` is added to the sum of the unshifted
// exponentials (0 for softmax). Paper, eqs. 3-6. Kernels on the processor, ATen elsewhere.
at::Tensor additive_pool(const at::Tensor& scores, const at::Tensor& values, const Ragged& ragged,
                         double epsilon = 0);

// The same from ATen operations alone, on any device.
at::Tensor additive_pool_by_aten(const at::Tensor& scores, const at::Tensor& values,
                                 const Ragged& ragged, double epsilon = 0);

// Each document's row of [documents, width], repeated for its tokens: [tokens, width].
at::Tensor spread(const at::Tensor& rows, const Ragged& ragged);

}  // namespace fastformer::learn
