// The short documents' output product, differentiable.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// x [tokens, width] -> M x + m [tokens, width], where a document's M = C1 diag(K) + C2
// (docs/algebra.md, "Five identities"), its K a row of keys [documents, width]; C1, `scaled`, and
// C2, `straight`, are [width, width], m, `bias`, is [width]. For floats on the processor in whole
// panels (has_attention_kernels) through a kernel, elsewhere as two products of ATen. Products in
// `products` (product.h).
at::Tensor document_map(const at::Tensor& x, const at::Tensor& keys, const at::Tensor& scaled,
                        const at::Tensor& straight, const at::Tensor& bias, const Ragged& ragged,
                        at::ScalarType products = at::kFloat);

}  // namespace fastformer::learn
