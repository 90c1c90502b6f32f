// A document's tokens summed under a softmax of their products with a direction, for every head.
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

constexpr std::int64_t kHeadsAtOnce = 16;

struct TokenSums {
  Chunks chunks;
  Matrix x;  // [tokens, width]
  // float32 [documents, heads, width], or [heads, width] for all documents alike.
  const float* directions = nullptr;
  bool shares_directions = false;
  std::int64_t heads = 1;
};

// partial: room for [chunks, heads, width], and stats for [chunks, heads, 2]. Writes sums
// [documents, heads, width] and logs [documents, heads] (chunk_sums.h).
struct TokenSumsResult {
  float *partial, *stats, *sums, *logs;
};
void token_sums(const TokenSums& input, const TokenSumsResult& result);

// upstream: the gradient of sums. Writes the gradient of x, of x's type, to which that of others
// who read x, if any, is added; and the directions' for each chunk, [chunks, heads, width], whose
// sums are theirs.
struct TokenSumsBackward {
  const float *sums, *logs, *upstream;
  const void* others;  // or null
  void* x_gradient;
  float* partial;
};
void token_sums_backward(const TokenSums& input, const TokenSumsBackward& backward);

}  // namespace fastformer::cuda
