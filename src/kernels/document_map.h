// A map of the queries that a short document's global key makes its own (docs/algebra.md,
// "Five identities"), forward and backward, on documents laid end to end.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// y_i = M x_i + m, where a document's M = C1 diag(K) + C2. Shapes: tokens N over all documents,
// documents B, width d, a multiple of kPanel.
struct DocumentMap {
  std::span<const std::int64_t> offsets;  // [B + 1]
  MatrixView<const float> x;              // [N, d]
  MatrixView<const float> keys;           // K of every document, [B, d]
  MatrixView<const float> scaled;         // C1 [d, d]
  MatrixView<const float> straight;       // C2 [d, d]
  bool is_short = false;                  // products of bfloat16 numbers, summed in 32 bits

  std::int64_t documents() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t width() const { return x.columns; }
};

// y [N, d], with m [d] in `bias`. Each thread makes one document's M at a time.
void document_map(const DocumentMap& map, const float* bias, MatrixView<float> y,
                  const ParallelFor& parallel_for);

// Where the gradients go; each is overwritten. Rows have no gaps between them.
struct DocumentMapGradients {
  MatrixView<float> x, keys;           // [N, d], [B, d]
  MatrixView<float> scaled, straight;  // [d, d]
  float* bias = nullptr;               // [d]
};

// From the gradient of y [N, d]. The weights' gradients are added up in so many `parts` of the
// documents; the result depends on their number, not on the threads.
void document_map_backward(const DocumentMap& map, MatrixView<const float> upstream,
                           const DocumentMapGradients& gradients, std::int64_t parts,
                           const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
