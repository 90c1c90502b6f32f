// Dropout whose mask is a function of a seed, so that backward needs no stored mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix_view.h"
#include "base/parallel.h"

namespace fastformer::kernels {

// Which elements of a matrix [tokens, width] are left out.
struct DropoutRule {
  double rate = 0;  // rounded to a multiple of 2^-16
  std::uint64_t seed = 0;
  // Of documents laid end to end, [documents + 1], each of whose tokens then share one mask; empty:
  // every token has its own.
  std::span<const std::int64_t> offsets;
};

// What elements are multiplied by: 1 / (1 - rate) where hash(seed, element) keeps one, else 0.
template <typename T>
class DropoutFactors {
 public:
  DropoutFactors(const DropoutRule& rule, std::int64_t width);

  // Of a token, [width]; valid until the next call. Tokens are asked for in rising order.
  const T* row(std::int64_t token);

 private:
  void enter_document_of(std::int64_t token);
  void enter_tokens_from(std::int64_t token);
  // Draws those of elements first, first + 1, ... in the order of the hashes.
  void draw(std::int64_t first, std::int64_t count);

  DropoutRule rule_;
  std::int64_t width_;
  bool is_shared_;         // one mask until end_, else one for each token from begin_ to end_
  std::vector<T> values_;  // of them
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
};

// Multiplies a matrix by its mask; `output` may be `input`. The result does not depend on the
// number of threads. The gradient is the same function of the gradient.
template <typename T>
void dropout(const DropoutRule& rule, MatrixView<const T> input, MatrixView<T> output,
             const ParallelFor& parallel_for);

}  // namespace fastformer::kernels
