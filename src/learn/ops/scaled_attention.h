// Attention by scaled dot products, fused: no matrix of scores is kept.
#pragma once

#include "learn/precompiled.h"

namespace fastformer::learn {

// Added to the score of a key that a query must not see. Finite, so that a row which sees nothing
// (a padded query) is a number; it is far below any score, so that the others lose nothing.
inline constexpr double kUnseen = -1e30;

// Softmax of query key' / sqrt(head width) over the keys, times the values (Vaswani et al., 2017,
// eq. 1). query [batch, heads, queries, head width], key and value [batch, heads, keys, head width]
// -> [batch, heads, queries, head width]. `mask`, unless undefined, is added to the scores: [batch,
// heads, queries, keys], where each of the first three may be 1. With `products` kBFloat16 factors
// and weights are rounded to bfloat16.
at::Tensor scaled_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const at::Tensor& mask, at::ScalarType products);

// The same of whole documents without a mask, where all are [documents, tokens, heads, head width].
at::Tensor full_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          at::ScalarType products);

}  // namespace fastformer::learn
