// Pooling, the linear classifier and its loss.
#include "kernels/reference/classifier.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>

#include "kernels/reference/encoder.h"
#include "kernels/reference/operations.h"

namespace fastformer::kernels::reference {

template <typename T>
Matrix<T> pooling_scores(const PoolingWeights<T>& weights, const Matrix<T>& hidden) {
  return linear(weights.score, tanh(linear(weights.hidden, hidden)));
}

template <typename T>
std::vector<T> pool(const PoolingWeights<T>& weights, const Matrix<T>& hidden) {
  Matrix<T> scores = pooling_scores(weights, hidden);
  if (hidden.rows() == 0) return std::vector<T>(static_cast<std::size_t>(hidden.columns()));
  const T largest = *std::max_element(scores.elements().begin(), scores.elements().end());
  T sum = shifted_epsilon(kPoolingEpsilon, largest);
  for (T& score : scores.elements()) {
    score = std::exp(score - largest);
    sum += score;
  }
  for (T& weight : scores.elements()) weight /= sum;
  return weighted_sum(scores, hidden);
}

template <typename T>
std::vector<T> max_pool(const Matrix<T>& hidden) {
  std::vector<T> largest(static_cast<std::size_t>(hidden.columns()));
  for (std::int64_t i = 0; i < hidden.rows(); ++i) {
    for (std::int64_t j = 0; j < hidden.columns(); ++j) {
      T& element = largest[static_cast<std::size_t>(j)];
      element = i == 0 ? hidden(i, j) : std::max(element, hidden(i, j));
    }
  }
  return largest;
}

template <typename T>
std::vector<T> document_vector(const PoolingWeights<T>& weights, Pooling pooling,
                               const Matrix<T>& hidden) {
  if (pooling == Pooling::kMax) return max_pool(hidden);
  std::vector<T> document = pool(weights, hidden);
  if (pooling == Pooling::kBoth) {
    const std::vector<T> largest = max_pool(hidden);
    document.insert(document.end(), largest.begin(), largest.end());
  }
  return document;
}

template <typename T>
std::vector<T> classify(const Linear<T>& classifier, const std::vector<T>& document) {
  const auto width = static_cast<std::int64_t>(document.size());
  return linear(classifier, Matrix<T>(MatrixView<const T>(document.data(), 1, width))).elements();
}

template <typename T>
std::vector<T> logits(const ClassifierWeights<T>& weights, const Architecture& architecture,
                      std::span<const std::int32_t> ids) {
  const Matrix<T> hidden = encode(weights, architecture, ids);
  return classify(weights.classifier,
                  document_vector(weights.pooling, architecture.pooling, hidden));
}

template <typename T>
T cross_entropy(const Matrix<T>& logits, std::span<const std::int32_t> labels) {
  if (logits.rows() == 0 || static_cast<std::size_t>(logits.rows()) != labels.size()) {
    throw Error("a loss needs documents with one label each");
  }
  T total = 0;
  for (std::int64_t i = 0; i < logits.rows(); ++i) {
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    if (label < 0 || label >= logits.columns()) {
      throw Error("the label " + std::to_string(label) + " is outside the classifier's " +
                  std::to_string(logits.columns()));
    }
    const T* row = logits.row(i);
    const T largest = *std::max_element(row, row + logits.columns());
    T sum = 0;
    for (std::int64_t c = 0; c < logits.columns(); ++c) sum += std::exp(row[c] - largest);
    total += std::log(sum) + largest - row[label];
  }
  return total / static_cast<T>(logits.rows());
}

#define FASTFORMER_INSTANTIATE(T)                                                               \
  template Matrix<T> pooling_scores(const PoolingWeights<T>&, const Matrix<T>&);                \
  template std::vector<T> pool(const PoolingWeights<T>&, const Matrix<T>&);                     \
  template std::vector<T> max_pool(const Matrix<T>&);                                           \
  template std::vector<T> document_vector(const PoolingWeights<T>&, Pooling, const Matrix<T>&); \
  template std::vector<T> classify(const Linear<T>&, const std::vector<T>&);                    \
  template std::vector<T> logits(const ClassifierWeights<T>&, const Architecture&,              \
                                 std::span<const std::int32_t>);                                \
  template T cross_entropy(const Matrix<T>&, std::span<const std::int32_t>);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
