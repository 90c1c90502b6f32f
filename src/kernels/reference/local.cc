// The formula of the local branch, token by token.
#include "kernels/reference/local.h"

#include <algorithm>
#include <cmath>

namespace fastformer::kernels::reference {
namespace {

template <typename T>
std::vector<T> convolved(const Convolution<T>& convolution, const Matrix<T>& x, std::int64_t i) {
  const std::int64_t reach = convolution.taps.rows / 2;
  std::vector<T> sum(convolution.bias, convolution.bias + x.columns());
  for (std::int64_t k = 0; k < convolution.taps.rows; ++k) {
    const std::int64_t n = i + k - reach;
    if (n < 0 || n >= x.rows()) continue;
    for (std::int64_t j = 0; j < x.columns(); ++j) {
      sum[static_cast<std::size_t>(j)] += convolution.taps(k, j) * x(n, j);
    }
  }
  return sum;
}

}  // namespace

template <typename T>
std::vector<T> local_change(const LocalWeights<T>& weights, Local local, const Matrix<T>& x,
                            std::int64_t i) {
  std::vector<T> change = convolved(weights.convolution, x, i);
  if (local != Local::kGated) return change;
  const std::vector<T> gate = convolved(weights.gate, x, i);
  for (std::size_t j = 0; j < change.size(); ++j) change[j] /= 1 + std::exp(-gate[j]);
  return change;
}

template <typename T>
Matrix<T> local_branch(const LocalWeights<T>& weights, Local local, const Matrix<T>& x) {
  Matrix<T> changes(x.rows(), x.columns());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    const std::vector<T> change = local_change(weights, local, x, i);
    std::copy(change.begin(), change.end(), changes.row(i));
  }
  return changes;
}

#define FASTFORMER_INSTANTIATE(T)                                                       \
  template std::vector<T> local_change(const LocalWeights<T>&, Local, const Matrix<T>&, \
                                       std::int64_t);                                   \
  template Matrix<T> local_branch(const LocalWeights<T>&, Local, const Matrix<T>&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels::reference
