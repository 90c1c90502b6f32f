// The composed layer's one product per token, differentiable.
#pragma once

#include "learn/ops/biased.h"

namespace fastformer::learn {

// Matrices [width, width] that a document's own is made of.
struct MapWeights {
  at::Tensor spread;    // C1
  at::Tensor query;     // Wq
  at::Tensor straight;  // C2
};

// x [tokens, width] -> M x + m [tokens, width], where a document's M = C1 diag(K) Wq + C2 (identity
// 5 of docs/algebra.md), its K a row of keys and its m a row of biases, both [documents, width].
// On the processor floats of whole panels go through kernels, and backward reads x, K and the
// weights alone; elsewhere ATen multiplies. On a GPU with kernels m is left to be added. Products
// in `products` (product.h).
Biased composed_map(const at::Tensor& x, const at::Tensor& keys, const MapWeights& weights,
                    const at::Tensor& biases, const Ragged& ragged,
                    at::ScalarType products = at::kFloat);

// The same through ATen's operations, document by document, on any device.
at::Tensor composed_map_by_aten(const at::Tensor& x, const at::Tensor& keys,
                                const MapWeights& weights, const at::Tensor& biases,
                                const Ragged& ragged, at::ScalarType products = at::kFloat);

}  // namespace fastformer::learn
