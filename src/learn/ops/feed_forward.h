// A block's feed-forward part, differentiable.
#pragma once

#include "learn/ops/biased.h"

namespace fastformer::learn {

// Weights [outputs, inputs] and biases of two linear maps.
struct FeedForwardWeights {
  at::Tensor inner, inner_bias;  // [units, width], [units]
  at::Tensor outer, outer_bias;  // [width, units], [width]
};

// x [tokens, width] -> W2 gelu(W1 x + b1) + b2 [tokens, width] with the exact GELU (erf). On the
// processor floats of whole panels go through one kernel, and backward reads x and what GELU read;
// elsewhere through linear_in() and ATen. Products in `products` (product.h). `leaves_bias`: on a
// GPU with kernels b2 is left to be added.
Biased feed_forward(const at::Tensor& x, const FeedForwardWeights& weights, at::ScalarType products,
                    bool leaves_bias = false);

}  // namespace fastformer::learn
