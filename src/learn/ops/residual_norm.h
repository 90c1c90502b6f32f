// The end of a part of a block: dropout, residual sum and layer norm as one operation.
#pragma once

#include "learn/ops/biased.h"
#include "learn/ops/dropout.h"

namespace fastformer::learn {

// Layer norm over a token's vector (Ba et al., 2016).
struct LayerNorm {
  at::Tensor weight, bias;  // [width]
  double epsilon = 0;       // added to the variance
};

// norm(hidden + dropped(change)), [tokens, width] all. On the processor and on a GPU with kernels
// in one sweep that keeps the sum and its moments for backward, elsewhere by ATen's operations.
at::Tensor residual_norm(const at::Tensor& hidden, const Biased& change, const Ragged& ragged,
                         const Dropout& dropout, const LayerNorm& norm);

// norm(hidden).
at::Tensor layer_norm(const at::Tensor& hidden, const LayerNorm& norm);

}  // namespace fastformer::learn
