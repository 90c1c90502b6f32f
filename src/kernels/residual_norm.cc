// A token at a time, whose vector stays in the first cache between its passes.
#include "kernels/residual_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/clones.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kTokensPerRange = 64;
// Gradients of weights are summed over so many tokens, and these sums in their order, so that they
// do not depend on threads.
constexpr std::int64_t kTokensPerSum = 256;

// Eight floats or four doubles in a row.
template <typename T>
struct Vectors {
  static constexpr std::int64_t kLanes = 32 / sizeof(T);
  typedef T Vector __attribute__((vector_size(32)));
};

// The same wherever they begin. Of a typedef with less alignment a template of clang's knows
// nothing.
template <typename T>
struct [[gnu::packed, gnu::may_alias]] InPlace {
  typename Vectors<T>::Vector vector;
};

template <typename T>
[[gnu::always_inline]] inline const InPlace<T>& load(const T* from) {
  return *reinterpret_cast<const InPlace<T>*>(from);
}

template <typename T>
[[gnu::always_inline]] inline InPlace<T>& at(T* to) {
  return *reinterpret_cast<InPlace<T>*>(to);
}

// A sum over a row: two vectors, so that additions need not wait for each other, and what is left.
// Its order is the same on every instruction set.
template <typename T>
class RowSum {
 public:
  [[gnu::always_inline]] void add(std::int64_t vector, const typename Vectors<T>::Vector& terms) {
    (vector % 2 == 0 ? even_ : odd_) += terms;
  }
  [[gnu::always_inline]] void add(T term) { rest_ += term; }
  [[gnu::always_inline]] T mean(std::int64_t width) const {
    const typename Vectors<T>::Vector both = even_ + odd_;
    T sum = rest_;
    for (std::int64_t lane = 0; lane < Vectors<T>::kLanes; ++lane) sum += both[lane];
    return sum / static_cast<T>(width);
  }

 private:
  typename Vectors<T>::Vector even_ = {}, odd_ = {};
  T rest_ = 0;
};

// Calls on_vector(j, n) for pairs of whole vectors, of which the n-th (0 or 1) begins at element j,
// and on_element(j) for the elements after them.
template <typename T, typename OnVector, typename OnElement>
[[gnu::always_inline]] inline void for_row(std::int64_t width, const OnVector& on_vector,
                                           const OnElement& on_element) {
  constexpr std::int64_t kLanes = Vectors<T>::kLanes;
  std::int64_t j = 0;
  for (; j + 2 * kLanes <= width; j += 2 * kLanes) {
    on_vector(j, 0);
    on_vector(j + kLanes, 1);
  }
  for (; j < width; ++j) on_element(j);
}

template <typename T>
struct ForwardRow {
  const T *hidden, *change, *mask, *weight, *bias;
  std::int64_t width;
  T epsilon;
  T *sum, *moments, *output;
};

template <typename T>
[[gnu::always_inline]] inline void normalize(const ForwardRow<T>& row) {
  const ForwardRow<T> r = row;
  RowSum<T> sums, squares;
  for_row<T>(
      r.width,
      [&](std::int64_t j, int n) __attribute__((always_inline)) {
        const typename Vectors<T>::Vector sum =
            load(r.hidden + j).vector + load(r.change + j).vector * load(r.mask + j).vector;
        at(r.sum + j).vector = sum;
        sums.add(n, sum);
      },
      [&](std::int64_t j) __attribute__((always_inline)) {
        sums.add(r.sum[j] = r.hidden[j] + r.change[j] * r.mask[j]);
      });
  const T mean = sums.mean(r.width);
  for_row<T>(
      r.width,
      [&](std::int64_t j, int n) __attribute__((always_inline)) {
        const typename Vectors<T>::Vector centred = load(r.sum + j).vector - mean;
        squares.add(n, centred * centred);
      },
      [&](std::int64_t j)
          __attribute__((always_inline)) { squares.add((r.sum[j] - mean) * (r.sum[j] - mean)); });
  const T scale = T(1) / std::sqrt(squares.mean(r.width) + r.epsilon);
  r.moments[0] = mean;
  r.moments[1] = scale;
  for_row<T>(
      r.width,
      [&](std::int64_t j, int) __attribute__((always_inline)) {
        at(r.output + j).vector =
            (load(r.sum + j).vector - mean) * scale * load(r.weight + j).vector +
            load(r.bias + j).vector;
      },
      [&](std::int64_t j) __attribute__((always_inline)) {
        r.output[j] = (r.sum[j] - mean) * scale * r.weight[j] + r.bias[j];
      });
}

FASTFORMER_CLONES void forward_row(const ForwardRow<float>& row) { normalize(row); }
FASTFORMER_CLONES void forward_row(const ForwardRow<double>& row) { normalize(row); }

template <typename T>
struct BackwardRow {
  const T *sum, *moments, *upstream, *mask, *weight;
  std::int64_t width;
  T *hidden, *change;                  // gradients
  T *weight_gradient, *bias_gradient;  // added to
};

// With x the normalised vector and g = upstream * weight:
// gradient of the sum = (g - mean(g) - x mean(g x)) / deviation.
template <typename T>
[[gnu::always_inline]] inline void differentiate(const BackwardRow<T>& row) {
  const BackwardRow<T> r = row;
  const T mean = r.moments[0], scale = r.moments[1];
  RowSum<T> sums, products;
  for_row<T>(
      r.width,
      [&](std::int64_t j, int n) __attribute__((always_inline)) {
        const typename Vectors<T>::Vector upstream = load(r.upstream + j).vector;
        const typename Vectors<T>::Vector x = (load(r.sum + j).vector - mean) * scale;
        const typename Vectors<T>::Vector g = upstream * load(r.weight + j).vector;
        sums.add(n, g);
        products.add(n, g * x);
        at(r.weight_gradient + j).vector += upstream * x;
        at(r.bias_gradient + j).vector += upstream;
      },
      [&](std::int64_t j) __attribute__((always_inline)) {
        const T x = (r.sum[j] - mean) * scale, g = r.upstream[j] * r.weight[j];
        sums.add(g);
        products.add(g * x);
        r.weight_gradient[j] += r.upstream[j] * x;
        r.bias_gradient[j] += r.upstream[j];
      });
  const T mean_g = sums.mean(r.width), mean_gx = products.mean(r.width);
  for_row<T>(
      r.width,
      [&](std::int64_t j, int) __attribute__((always_inline)) {
        const typename Vectors<T>::Vector x = (load(r.sum + j).vector - mean) * scale;
        const typename Vectors<T>::Vector gradient =
            (load(r.upstream + j).vector * load(r.weight + j).vector - mean_g - x * mean_gx) *
            scale;
        at(r.hidden + j).vector = gradient;
        at(r.change + j).vector = gradient * load(r.mask + j).vector;
      },
      [&](std::int64_t j) __attribute__((always_inline)) {
        const T x = (r.sum[j] - mean) * scale;
        const T gradient = (r.upstream[j] * r.weight[j] - mean_g - x * mean_gx) * scale;
        r.hidden[j] = gradient;
        r.change[j] = gradient * r.mask[j];
      });
}

FASTFORMER_CLONES void backward_row(const BackwardRow<float>& row) { differentiate(row); }
FASTFORMER_CLONES void backward_row(const BackwardRow<double>& row) { differentiate(row); }

}  // namespace

template <typename T>
void residual_norm(const ResidualNorm<T>& norm, MatrixView<const T> hidden,
                   MatrixView<const T> change, const ResidualNormResult<T>& result,
                   const ParallelFor& parallel_for) {
  parallel_for(hidden.rows, kTokensPerRange, [&](std::int64_t begin, std::int64_t end) {
    DropoutFactors<T> mask(norm.dropout, hidden.columns);
    for (std::int64_t i = begin; i < end; ++i) {
      forward_row(ForwardRow<T>{hidden.row(i), change.row(i), mask.row(i), norm.weight.data(),
                                norm.bias.data(), hidden.columns, static_cast<T>(norm.epsilon),
                                result.sum.row(i), result.moments.row(i), result.output.row(i)});
    }
  });
}

template <typename T>
void residual_norm_backward(const ResidualNorm<T>& norm, const ResidualNormResult<const T>& saved,
                            MatrixView<const T> upstream, const ResidualNormGradients<T>& gradients,
                            const ParallelFor& parallel_for) {
  const std::int64_t tokens = upstream.rows, width = upstream.columns;
  const std::int64_t sums = (tokens + kTokensPerSum - 1) / kTokensPerSum;
  std::vector<T> partial(static_cast<std::size_t>(sums * 2 * width), T(0));
  parallel_for(sums, 1, [&](std::int64_t first, std::int64_t last) {
    DropoutFactors<T> mask(norm.dropout, width);
    for (std::int64_t i = first * kTokensPerSum; i < std::min(tokens, last * kTokensPerSum); ++i) {
      T* const own = partial.data() + i / kTokensPerSum * 2 * width;
      backward_row(BackwardRow<T>{saved.sum.row(i), saved.moments.row(i), upstream.row(i),
                                  mask.row(i), norm.weight.data(), width, gradients.hidden.row(i),
                                  gradients.change.row(i), own, own + width});
    }
  });
  std::fill(gradients.weight.begin(), gradients.weight.end(), T(0));
  std::fill(gradients.bias.begin(), gradients.bias.end(), T(0));
  for (std::int64_t n = 0; n < sums; ++n) {
    const T* const own = partial.data() + n * 2 * width;
    for (std::int64_t j = 0; j < width; ++j) gradients.weight[j] += own[j];
    for (std::int64_t j = 0; j < width; ++j) gradients.bias[j] += own[width + j];
  }
}

#define FASTFORMER_INSTANTIATE(T)                                                                  \
  template void residual_norm<T>(const ResidualNorm<T>&, MatrixView<const T>, MatrixView<const T>, \
                                 const ResidualNormResult<T>&, const ParallelFor&);                \
  template void residual_norm_backward<T>(const ResidualNorm<T>&,                                  \
                                          const ResidualNormResult<const T>&, MatrixView<const T>, \
                                          const ResidualNormGradients<T>&, const ParallelFor&);
FASTFORMER_INSTANTIATE(float)
FASTFORMER_INSTANTIATE(double)
#undef FASTFORMER_INSTANTIATE

}  // namespace fastformer::kernels
