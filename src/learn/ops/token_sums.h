// Differentiable sums of a document's tokens under a softmax of their scores along directions.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// Whether token_sums, composed_map and document_map have kernels for x [tokens, width]: floats on
// the processor, in whole panels.
bool has_attention_kernels(const at::Tensor& x);

struct SummedTokens {
  at::Tensor sums;  // [documents, heads, width]
  // x, to be read on: the gradient of who reads this one, and not x itself, costs no sweep more
  // where one sweep can do both.
  at::Tensor x;
};

// x [tokens, width] and directions, [documents, heads, width] or [heads, width] for all documents
// alike -> sums: for every head the sum of the document's tokens, weighted by
// a softmax of their products with the head's direction; 0 for an empty document. Backward reads x,
// the weights [tokens, heads] and the sums. On the processor floats of whole panels go through
// kernels, whatever `products` says: the products are thin. Elsewhere ATen multiplies, in
// `products` (product.h).
SummedTokens token_sums(const at::Tensor& x, const at::Tensor& directions, const Ragged& ragged,
                        at::ScalarType products = at::kFloat);

// The same through ATen's operations, document by document, on any device.
at::Tensor token_sums_by_aten(const at::Tensor& x, const at::Tensor& directions,
                              const Ragged& ragged, at::ScalarType products = at::kFloat);

}  // namespace fastformer::learn
