// Additive attention with fewer products per token: the same numbers by other roads, forward only.
// Derived in docs/algebra.md, whose notation the comments use. For the layer as published: product
// interaction, scores over whole queries, the value is the query, heads not shared; compose() and
// keyless_attention() throw an Error for weights of another shape.
#pragma once

#include <vector>

#include "kernels/reference/attention.h"
#include "kernels/reference/running_summary.h"

namespace fastformer::kernels::reference {

// y = W x + b that owns its numbers.
template <typename T>
struct AffineMap {
  Matrix<T> weight;     // [outputs, inputs]
  std::vector<T> bias;  // [outputs]

  // x has as many elements as W has columns.
  std::vector<T> operator()(const T* x) const;
};

// What depends on the weights alone, made once for all documents.
template <typename T>
struct ComposedWeights {
  AttentionWeights<T> layer;
  std::int64_t heads = 0;
  AffineMap<T> query_scores;   // s_i = y(x_i), [heads, width]
  Matrix<T> output_transform;  // Wo Wr
  Matrix<T> output_query;      // Wo Wq
};

template <typename T>
ComposedWeights<T> compose(const AttentionWeights<T>& weights, std::int64_t heads);

// Q [width] from the tokens summed under alpha.
template <typename T>
std::vector<T> composed_global_query(const ComposedWeights<T>& weights,
                                     const RunningSummary<T>& alpha);

// t_i = y(x_i): the key's scores straight from a token.
template <typename T>
AffineMap<T> composed_key_scores(const AttentionWeights<T>& weights, std::int64_t heads,
                                 const std::vector<T>& global_query);

// K [width] from the tokens summed under beta.
template <typename T>
std::vector<T> composed_global_key(const AttentionWeights<T>& weights,
                                   const std::vector<T>& global_query,
                                   const RunningSummary<T>& beta);

// o_i = M x_i + m: all that is left of the layer once the global key is known.
template <typename T>
AffineMap<T> composed_output(const ComposedWeights<T>& weights, const std::vector<T>& global_key);

// One [width, width] product per token. x [tokens, width] is read for alpha (in a stack, the sweep
// that wrote x does that in passing), for beta, and for the output [tokens, width].
template <typename T>
Matrix<T> composed_attention(const ComposedWeights<T>& weights, const Matrix<T>& x);

// Two products per token: queries are formed, keys are not, and what follows is one map of the
// queries. For short documents.
template <typename T>
Matrix<T> keyless_attention(const AttentionWeights<T>& weights, std::int64_t heads,
                            const Matrix<T>& x);

}  // namespace fastformer::kernels::reference
