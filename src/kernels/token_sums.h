// Every head's sum of a document's tokens under a softmax of their scores along a direction: what
// additive attention's global vectors are made of (docs/algebra.md, identities 1 to 4), forward and
// backward, on documents laid end to end and in pieces of long ones at once.
#pragma once

#include <cstdint>
#include <span>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// Shapes: tokens N over all documents, documents B, heads H, width d, a multiple of kPanel.
struct TokenSums {
  std::span<const std::int64_t> offsets;  // [B + 1]
  MatrixView<const float> x;              // [N, d]
  // A token's score for head h is its product with row h of its document's directions [H, d],
  // which begin at row `step` times the document: the step is H, or 0 where documents share them.
  MatrixView<const float> directions;
  std::int64_t heads = 0;
  std::int64_t step = 0;

  std::int64_t documents() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  MatrixView<const float> directions_of(std::int64_t document) const {
    return directions.rows_between(document * step, document * step + heads);
  }
};

// weights [N, H], a softmax over each document's tokens, and sums [B * H, d], a document's heads
// together; 0 for an empty document.
void token_sums(const TokenSums& input, MatrixView<float> weights, MatrixView<float> sums,
                const ParallelFor& parallel_for);

// What forward left, the gradient of its sums [B * H, d], and what x's gradient begins with
// [N, d]: nothing, or that of others who read x.
struct TokenSumsResult {
  MatrixView<const float> weights, sums, sums_gradient, others;
};

// Gradients of x [N, d] and of every document's directions [B * H, d], shared or not.
void token_sums_backward(const TokenSums& input, const TokenSumsResult& result,
                         MatrixView<float> x_gradient, MatrixView<float> directions_gradient,
                         const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
