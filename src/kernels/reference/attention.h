// Additive attention as the paper writes it (arXiv 2108.09084, section 3), on one document.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/reference/matrix.h"
#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

// Softmax weights over a document's tokens, and the vector that the tokens sum up to.
template <typename T>
struct Summary {
  Matrix<T> weights;      // [tokens, heads]; every column of a non-empty document sums to 1
  std::vector<T> global;  // [width]
};

// Everything that the layer computes, in order. Unless said otherwise: [tokens, width]. Without a
// global key there is none, and u_i is p_i.
template <typename T>
struct AttentionStates {
  Matrix<T> query;       // q_i
  Matrix<T> key;         // k_i
  Matrix<T> value;       // v_i
  Summary<T> query_sum;  // alpha, and the global query Q
  Matrix<T> met_key;     // p_i: what the key became when it met the global query
  Summary<T> key_sum;    // beta, and the global key K
  Matrix<T> met_value;   // u_i
  Matrix<T> mixed;       // r_i
  Matrix<T> output;      // o_i
};

// Elements [begin, begin + length) of a token's vector.
struct Slice {
  std::int64_t begin;
  std::int64_t length;
};

// What head `head`'s score sees of a vector of `width` elements.
Slice seen_by_score(const AttentionSwitches& switches, std::int64_t width, std::int64_t head);

// x [tokens, width]. Throws an Error when heads do not divide the width.
template <typename T>
AttentionStates<T> attention_states(const AttentionWeights<T>& weights,
                                    const AttentionSwitches& switches, const Matrix<T>& x);

// Only the last of the states, [tokens, width].
template <typename T>
Matrix<T> attention(const AttentionWeights<T>& weights, const AttentionSwitches& switches,
                    const Matrix<T>& x);

}  // namespace fastformer::kernels::reference
