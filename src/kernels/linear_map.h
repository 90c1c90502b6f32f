// A linear map of many rows and its gradients, for training: the products of kernels/simd on
// weights that are packed anew for every call. All matrices here have no gaps between their rows.
#pragma once

#include "base/matrix_view.h"
#include "base/parallel.h"
#include "kernels/panels.h"

namespace fastformer::kernels {

struct LinearMap {
  MatrixView<const float> weight;  // [outputs, inputs], both multiples of kPanel
  bool is_short = false;           // products of bfloat16 numbers, summed in 32 bits
};

// Where the gradients go; each is overwritten.
struct LinearGradients {
  MatrixView<float> rows;    // [rows, inputs]
  MatrixView<float> weight;  // [outputs, inputs]
  float* bias = nullptr;     // [outputs]
};

// Whether there are kernels for such a map: outputs and inputs are whole panels.
bool has_linear_kernels(std::int64_t outputs, std::int64_t inputs);

// y [rows, outputs] = x weight' + start, which is every_row(bias) or rows of its own. A row's
// result depends on that row alone.
void linear_forward(const LinearMap& map, MatrixView<const float> x, PanelRows<const float> start,
                    MatrixView<float> y, const ParallelFor& parallel_for);

// From the gradient of y. `parts` sums of the weight's gradient are made side by side, so many at
// most as there are threads to make them; the result depends on their number, not on the threads.
void linear_backward(const LinearMap& map, MatrixView<const float> x,
                     MatrixView<const float> upstream, const LinearGradients& gradients,
                     std::int64_t parts, const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
