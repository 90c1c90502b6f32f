// Gradients of additive attention with product interaction, by the chain rule step by step.
#pragma once

#include <vector>

#include "kernels/reference/attention.h"

namespace fastformer::kernels::reference {

template <typename T>
struct LinearGradient {
  Matrix<T> weight;     // [outputs, inputs]
  std::vector<T> bias;  // [outputs]
};

// One gradient beside each weight of AttentionWeights; `value` stays empty where it is the query.
template <typename T>
struct AttentionGradients {
  Matrix<T> x;  // [tokens, width]
  LinearGradient<T> query, key, value, query_score, key_score, transform, output;
};

// Gradients of a loss from its gradient at the layer's output, [tokens, width]. All switches but
// the interaction are free; throws an Error unless that is the product.
template <typename T>
AttentionGradients<T> attention_backward(const AttentionWeights<T>& weights,
                                         const AttentionSwitches& switches, const Matrix<T>& x,
                                         const Matrix<T>& output_gradient);

}  // namespace fastformer::kernels::reference
