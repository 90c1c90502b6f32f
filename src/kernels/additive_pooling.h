// Additive attention's sum over a document: softmax of scores over its tokens, then the weighted
// sum of their vectors, head by head, forward and backward, on documents laid end to end.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// What the authors' attention pooling adds to its sum of unshifted exponentials.
inline constexpr double kPoolingEpsilon = 1e-8;

// `epsilon` as it stands beside exponentials whose scores were lowered by `largest`:
// exp(log(epsilon) - largest), since epsilon * exp(-largest) overflows for scores that still count.
// At most T's largest number; 0 for 0.
template <typename T>
T shifted_epsilon(double epsilon, T largest) {
  const double shifted = std::exp(std::log(epsilon) - static_cast<double>(largest));
  return static_cast<T>(std::min(shifted, static_cast<double>(std::numeric_limits<T>::max())));
}

// Shapes: tokens N over all documents, documents B, heads H, width d, head width e = d / H.
// Paper, eqs. 3-4 (global query) and 5-6 (global key); one head gives attention pooling.
template <typename T>
struct AdditivePooling {
  std::span<const std::int64_t> offsets;  // [B + 1]
  MatrixView<const T> scores;             // [N, H]
  MatrixView<const T> values;             // [N, d]
  // Added to the sum of exp(score), scores not shifted: kPoolingEpsilon in pooling, 0 for softmax.
  double epsilon = 0;
};

// weights [N, H] and pooled [B, d]. An empty document's pooled vector is 0.
template <typename T>
void additive_pooling(const AdditivePooling<T>& input, MatrixView<T> weights, MatrixView<T> pooled,
                      const ParallelFor& parallel_for);

// Gradients of scores [N, H] and values [N, d] from pooled's gradient [B, d].
template <typename T>
void additive_pooling_backward(const AdditivePooling<T>& input, MatrixView<const T> weights,
                               MatrixView<const T> pooled_gradient, MatrixView<T> scores_gradient,
                               MatrixView<T> values_gradient, const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
