// Loops of additive pooling; results depend on a document alone, not on threads or neighbours.
#include "kernels/additive_pooling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/exponential.h"

namespace fastformer::kernels {
namespace {

// Documents that together have enough work for one thread.
template <typename T>
std::int64_t documents_per_range(const AdditivePooling<T>& input) {
  constexpr std::int64_t kElements = 1 << 15;
  const std::int64_t documents = static_cast<std::int64_t>(input.offsets.size()) - 1;
  const std::int64_t elements = input.values.rows * input.values.columns;
  return std::max<std::int64_t>(1, kElements * documents / std::max<std::int64_t>(1, elements));
}

// Softmax of scores [n, heads] over the rows, into weights of the same shape.
template <typename T>
void softmax_over_tokens(MatrixView<const T> scores, double epsilon, MatrixView<T> weights) {
  const std::int64_t heads = scores.columns;
  std::vector<T> largest(static_cast<std::size_t>(heads), -std::numeric_limits<T>::infinity());
  std::vector<T> sums(static_cast<std::size_t>(heads), T(0));
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    const T* score = scores.row(i);
    for (std::int64_t h = 0; h < heads; ++h) largest[h] = std::max(largest[h], score[h]);
  }
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    const T* score = scores.row(i);
    T* weight = weights.row(i);
    for (std::int64_t h = 0; h < heads; ++h) weight[h] = exponential(score[h] - largest[h]);
    for (std::int64_t h = 0; h < heads; ++h) sums[h] += weight[h];
  }
  for (std::int64_t h = 0; h < heads; ++h) {
    sums[h] = T(1) / (sums[h] + shifted_epsilon(epsilon, largest[h]));
  }
  for (std::int64_t i = 0; i < scores.rows; ++i) {
    T* weight = weights.row(i);
    for (std::int64_t h = 0; h < heads; ++h) weight[h] *= sums[h];
  }
}

template <typename T>
T dot(const T* a, const T* b, std::int64_t n) {
  T sum = 0;
  for (std::int64_t j = 0; j < n; ++j) sum += a[j] * b[j];
  return sum;
}

}  // namespace

template <typename T>
void additive_pooling(const AdditivePooling<T>& input, MatrixView<T> weights, MatrixView<T> pooled,
                      const ParallelFor& parallel_for) {
  const std::int64_t heads = input.scores.columns;
  const std::int64_t head_width = input.values.columns / heads;
  const auto pool_document = [&](std::int64_t b) {
    const std::int64_t begin = input.offsets[b], end = input.offsets[b + 1];
    T* sum = pooled.row(b);
    std::fill(sum, sum + pooled.columns, T(0));
    if (begin == end) return;
    softmax_over_tokens(input.scores.rows_between(begin, end), input.epsilon,
                        weights.rows_between(begin, end));
    for (std::int64_t i = begin; i < end; ++i) {
      const T* value = input.values.row(i);
      for (std::int64_t h = 0; h < heads; ++h) {
        const T weight = weights(i, h);
        const std::int64_t from = h * head_width;
        for (std::int64_t j = from; j < from + head_width; ++j) sum[j] += weight * value[j];
      }
    }
  };
  const std::int64_t documents = static_cast<std::int64_t>(input.offsets.size()) - 1;
  parallel_for(documents, documents_per_range(input), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) pool_document(b);
  });
}

template <typename T>
void additive_pooling_backward(const AdditivePooling<T>& input, MatrixView<const T> weights,
                               MatrixView<const T> pooled_gradient, MatrixView<T> scores_gradient,
                               MatrixView<T> values_gradient, const ParallelFor& parallel_for) {
  const std::int64_t heads = input.scores.columns;
  const std::int64_t head_width = input.values.columns / heads;
  const auto unpool_document = [&](std::int64_t b) {
    const std::int64_t begin = input.offsets[b], end = input.offsets[b + 1];
    const T* upstream = pooled_gradient.row(b);
    // With w = softmax(s) and g_i = values_i . upstream: ds_i = w_i (g_i - sum_j w_j g_j).
    std::vector<T> mean(static_cast<std::size_t>(heads), T(0));
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t h = 0; h < heads; ++h) {
        const std::int64_t from = h * head_width;
        const T along = dot(input.values.row(i) + from, upstream + from, head_width);
        const T weight = weights(i, h);
        scores_gradient(i, h) = along;
        mean[h] += weight * along;
        T* gradient = values_gradient.row(i);
        for (std::int64_t j = from; j < from + head_width; ++j) gradient[j] = weight * upstream[j];
      }
    }
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t h = 0; h < heads; ++h) {
        scores_gradient(i, h) = weights(i, h) * (scores_gradient(i, h) - mean[h]);
      }
    }
  };
  const std::int64_t documents = static_cast<std::int64_t>(input.offsets.size()) - 1;
  parallel_for(documents, documents_per_range(input), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) unpool_document(b);
  });
}

#define FASTFORMER_INSTANTIATE(T)                                                               \
  template void additive_pooling<T>(const AdditivePooling<T>&, MatrixView<T>, MatrixView<T>,    \
                                    const ParallelFor&);                                        \
  template void additive_pooling_backward<T>(const AdditivePooling<T>&, MatrixView<const T>,    \
                                             MatrixView<const T>, MatrixView<T>, MatrixView<T>, \
                                             const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
