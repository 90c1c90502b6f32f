// Additive attention with the output product, in the two forms of docs/algebra.md that need fewer
// products than the layer as written.
#pragma once

#include "learn/ops/biased.h"

namespace fastformer::learn {

// Weights of a layer with product interaction, scores over whole queries and values that are the
// queries, as published, or the keys, without a global key. Products are [outputs, inputs].
struct AttentionWeights {
  at::Tensor query, query_bias;  // [width, width], [width]
  at::Tensor key, key_bias;      // [width, width], [width]
  // [heads, width]; their biases move nothing. Without the second there is no global key, and the
  // keys that met the global query take the values' place.
  at::Tensor query_score, key_score;
  at::Tensor transform, transform_bias;  // [width, width], [width]
  at::Tensor output, output_bias;        // [width, width], [width]
};

// hidden [tokens, width] -> the output product's result [tokens, width]: what the layer as written
// gives (Paper, eqs. 3-6), without its queries, keys and values. Backward reads hidden, the softmax
// weights [tokens, heads] and a few vectors per document. Costs a product [width, width] x [width,
// width] per document, so it is for documents longer than one and a half times the width. Products
// with matrices [width, width] are taken in the type `products` (product.h).
Biased composed_attention(const at::Tensor& hidden, const Ragged& ragged,
                          const AttentionWeights& weights, at::ScalarType products = at::kFloat);

// The same with queries and, where there is a global key, without keys and values: for short
// documents. Backward reads the queries as well.
Biased keyless_attention(const at::Tensor& hidden, const Ragged& ragged,
                         const AttentionWeights& weights, at::ScalarType products = at::kFloat);

}  // namespace fastformer::learn
