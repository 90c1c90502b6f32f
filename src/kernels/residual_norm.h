// What ends a part of a block after training's forward pass: dropout, residual sum and layer norm
// in one sweep, and their gradients in another.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"
#include "kernels/dropout.h"

namespace fastformer::kernels {

// output = norm(hidden + dropout(change)) * weight + bias, where norm brings each token's vector to
// mean 0 and variance 1 (Ba et al., 2016).
template <typename T>
struct ResidualNorm {
  std::span<const T> weight, bias;  // [width]
  double epsilon = 0;               // added to the variance
  DropoutRule dropout;
};

// Of the forward pass; the first two are what backward needs of it.
template <typename T>
struct ResidualNormResult {
  MatrixView<T> sum;      // hidden + dropout(change), [tokens, width]
  MatrixView<T> moments;  // its mean and the inverse of its deviation, [tokens, 2]
  MatrixView<T> output;   // [tokens, width]
};

// Of a loss; overwritten.
template <typename T>
struct ResidualNormGradients {
  MatrixView<T> hidden, change;  // [tokens, width]
  std::span<T> weight, bias;     // [width]
};

// hidden, change: [tokens, width]. No result depends on the number of threads.
template <typename T>
void residual_norm(const ResidualNorm<T>& norm, MatrixView<const T> hidden,
                   MatrixView<const T> change, const ResidualNormResult<T>& result,
                   const ParallelFor& parallel_for);

// upstream: the gradient of the output, [tokens, width]. `saved.output` is not looked at.
template <typename T>
void residual_norm_backward(const ResidualNorm<T>& norm, const ResidualNormResult<const T>& saved,
                            MatrixView<const T> upstream, const ResidualNormGradients<T>& gradients,
                            const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
