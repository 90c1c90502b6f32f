// From hidden states to logits and loss.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/additive_pooling.h"
#include "kernels/reference/matrix.h"
#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

// s_i = w2 . tanh(W1 x_i + b1) + b2 for every token, [tokens, 1].
template <typename T>
Matrix<T> pooling_scores(const PoolingWeights<T>& weights, const Matrix<T>& hidden);

// Attention pooling: the tokens' sum [width] under exp(s_i) / (sum exp(s) + 1e-8). 0 for an empty
// document.
template <typename T>
std::vector<T> pool(const PoolingWeights<T>& weights, const Matrix<T>& hidden);

// Max pooling: each channel's largest value over the tokens, [width]. 0 for an empty document.
template <typename T>
std::vector<T> max_pool(const Matrix<T>& hidden);

// What the classifier reads of a document: attention pooling's vector, max pooling's, or the one
// after the other.
template <typename T>
std::vector<T> document_vector(const PoolingWeights<T>& weights, Pooling pooling,
                               const Matrix<T>& hidden);

// Logits [labels] of a document's vector.
template <typename T>
std::vector<T> classify(const Linear<T>& classifier, const std::vector<T>& document);

// The whole model: logits [labels] of one document.
template <typename T>
std::vector<T> logits(const ClassifierWeights<T>& weights, const Architecture& architecture,
                      std::span<const std::int32_t> ids);

// Mean over documents of -log softmax(logits)[label]; logits [documents, labels]. Throws an Error
// unless there is a document and every document has one label within range.
template <typename T>
T cross_entropy(const Matrix<T>& logits, std::span<const std::int32_t> labels);

}  // namespace fastformer::kernels::reference
