// A block's feed-forward part, two linear maps with GELU between them, forward and backward, for
// training. All matrices here have no gaps between their rows.
#pragma once

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// y = W2 gelu(W1 x + b1) + b2 for rows x. Width d and units f are multiples of kPanel.
struct FeedForward {
  MatrixView<const float> inner, outer;                      // W1 [f, d], W2 [d, f]
  const float *inner_bias = nullptr, *outer_bias = nullptr;  // b1 [f], b2 [d]
  bool is_short = false;  // products of bfloat16 numbers, summed in 32 bits
};

// x [rows, d] -> y [rows, d]; what GELU read, [rows, f], is kept in `units`. A row's result depends
// on that row alone.
void feed_forward(const FeedForward& map, MatrixView<const float> x, MatrixView<float> units,
                  MatrixView<float> y, const ParallelFor& parallel_for);

// Where the gradients go; each is overwritten.
struct FeedForwardGradients {
  MatrixView<float> rows;                              // [rows, d]
  MatrixView<float> inner, outer;                      // [f, d], [d, f]
  float *inner_bias = nullptr, *outer_bias = nullptr;  // [f], [d]
};

// From the gradient of y and what forward kept. `parts` as of linear_backward().
void feed_forward_backward(const FeedForward& map, MatrixView<const float> x,
                           MatrixView<const float> units, MatrixView<const float> upstream,
                           const FeedForwardGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
