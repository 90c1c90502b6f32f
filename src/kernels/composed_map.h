// The one product per token of a composed layer (docs/algebra.md, identity 5), forward and
// backward, on documents laid end to end and in pieces of long ones at once.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// y_i = M x_i + m, where a document's M = C1 diag(K) Wq + C2 follows from its global key K.
// Shapes: tokens N over all documents, documents B, width d, a multiple of kPanel.
struct ComposedMap {
  std::span<const std::int64_t> offsets;  // [B + 1]
  MatrixView<const float> x;              // [N, d]
  MatrixView<const float> keys;           // K of every document, [B, d]
  MatrixView<const float> spread;         // C1 [d, d]
  MatrixView<const float> query;          // Wq [d, d]
  MatrixView<const float> straight;       // C2 [d, d]
  bool is_short = false;                  // products of bfloat16 numbers, summed in 32 bits

  std::int64_t documents() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t width() const { return x.columns; }
};

// y [N, d], with m in `biases` [B, d]. Makes every document's M, which is not kept.
void composed_map(const ComposedMap& map, MatrixView<const float> biases, MatrixView<float> y,
                  const ParallelFor& parallel_for);

// Where the gradients go; each is overwritten.
struct ComposedMapGradients {
  MatrixView<float> x, keys, biases;          // [N, d], [B, d], [B, d]
  MatrixView<float> spread, query, straight;  // [d, d]
};

// From the gradient of y [N, d]. The weights' gradients are added up in so many `parts` of the
// documents; the result depends on their number, not on the threads.
void composed_map_backward(const ComposedMap& map, MatrixView<const float> upstream,
                           const ComposedMapGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
