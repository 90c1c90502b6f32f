// Plain loops, sums from the first element to the last.
#include "kernels/reference/operations.h"

#include <algorithm>
#include <cmath>

namespace fastformer::kernels::reference {
namespace {

template <typename T, typename Function>
Matrix<T> each_element(const Matrix<T>& x, Function function) {
  Matrix<T> y = x;
  for (T& element : y.elements()) element = function(element);
  return y;
}

}  // namespace

template <typename T>
T dot(const T* a, const T* b, std::int64_t length) {
  T sum = 0;
  for (std::int64_t j = 0; j < length; ++j) sum += a[j] * b[j];
  return sum;
}

template <typename T>
Matrix<T> linear(const Linear<T>& map, const Matrix<T>& x) {
  Matrix<T> y(x.rows(), map.weight.rows);
  for (std::int64_t i = 0; i < y.rows(); ++i) {
    for (std::int64_t j = 0; j < y.columns(); ++j) {
      y(i, j) = dot(map.weight.row(j), x.row(i), x.columns()) + map.bias[j];
    }
  }
  return y;
}

template <typename T>
Matrix<T> add(const Matrix<T>& a, const Matrix<T>& b) {
  Matrix<T> sum = a;
  for (std::size_t n = 0; n < sum.elements().size(); ++n) sum.elements()[n] += b.elements()[n];
  return sum;
}

template <typename T>
Matrix<T> layer_norm(const Norm<T>& norm, double epsilon, const Matrix<T>& x) {
  const std::int64_t width = x.columns();
  Matrix<T> y(x.rows(), width);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    T mean = 0;
    for (std::int64_t j = 0; j < width; ++j) mean += x(i, j);
    mean /= static_cast<T>(width);
    T variance = 0;
    for (std::int64_t j = 0; j < width; ++j) variance += (x(i, j) - mean) * (x(i, j) - mean);
    variance /= static_cast<T>(width);
    const T deviation = std::sqrt(variance + static_cast<T>(epsilon));
    for (std::int64_t j = 0; j < width; ++j) {
      y(i, j) = (x(i, j) - mean) / deviation * norm.weight[j] + norm.bias[j];
    }
  }
  return y;
}

template <typename T>
Matrix<T> gelu(const Matrix<T>& x) {
  const T root_half = std::sqrt(T(0.5));
  return each_element(x, [=](T z) { return T(0.5) * z * (1 + std::erf(z * root_half)); });
}

template <typename T>
Matrix<T> tanh(const Matrix<T>& x) {
  return each_element(x, [](T z) { return std::tanh(z); });
}

template <typename T>
Matrix<T> softmax_over_tokens(const Matrix<T>& scores) {
  Matrix<T> weights(scores.rows(), scores.columns());
  if (scores.rows() == 0) return weights;
  for (std::int64_t h = 0; h < scores.columns(); ++h) {
    T largest = scores(0, h);
    for (std::int64_t i = 1; i < scores.rows(); ++i) largest = std::max(largest, scores(i, h));
    T sum = 0;
    for (std::int64_t i = 0; i < scores.rows(); ++i) {
      weights(i, h) = std::exp(scores(i, h) - largest);
      sum += weights(i, h);
    }
    for (std::int64_t i = 0; i < scores.rows(); ++i) weights(i, h) /= sum;
  }
  return weights;
}

template <typename T>
std::vector<T> weighted_sum(const Matrix<T>& weights, const Matrix<T>& values) {
  const std::int64_t head_width = values.columns() / weights.columns();
  std::vector<T> sum(static_cast<std::size_t>(values.columns()));
  for (std::int64_t i = 0; i < values.rows(); ++i) {
    for (std::int64_t j = 0; j < values.columns(); ++j) {
      sum[static_cast<std::size_t>(j)] += weights(i, j / head_width) * values(i, j);
    }
  }
  return sum;
}

#define FASTFORMER_INSTANTIATE(T)                                          \
  template T dot(const T*, const T*, std::int64_t);                        \
  template Matrix<T> linear(const Linear<T>&, const Matrix<T>&);           \
  template Matrix<T> add(const Matrix<T>&, const Matrix<T>&);              \
  template Matrix<T> layer_norm(const Norm<T>&, double, const Matrix<T>&); \
  template Matrix<T> gelu(const Matrix<T>&);                               \
  template Matrix<T> tanh(const Matrix<T>&);                               \
  template Matrix<T> softmax_over_tokens(const Matrix<T>&);                \
  template std::vector<T> weighted_sum(const Matrix<T>&, const Matrix<T>&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
