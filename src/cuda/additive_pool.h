// A document's values summed under a softmax of given scores, head by head
// (kernels/additive_pooling.h).
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

// Whether a head's share of a row is whole vectors, and a chunk's scores fit into shared memory.
constexpr bool pools(std::int64_t heads, std::int64_t width) {
  constexpr std::int64_t kMostHeads = 32;
  return heads > 0 && heads <= kMostHeads && width % (heads * kVector) == 0;
}

struct AdditivePool {
  Chunks chunks;
  Matrix scores;  // [tokens, heads], of the type of values
  Matrix values;  // [tokens, width]
  float epsilon = 0;
};

// partial: room for [chunks, width], stats [chunks, heads, 2]. Writes pooled [documents, width], of
// the values' type, and logs [documents, heads] (chunk_sums.h).
struct AdditivePoolResult {
  float *partial, *stats, *logs;
  void* pooled;
};
void additive_pool(const AdditivePool& input, const AdditivePoolResult& result);

// pooled and upstream, its gradient: [documents, width]. Writes the gradients of scores and values.
// All of the values' type.
struct AdditivePoolBackward {
  const void *pooled, *upstream;
  const float* logs;
  void *scores_gradient, *values_gradient;
};
void additive_pool_backward(const AdditivePool& input, const AdditivePoolBackward& backward);

}  // namespace fastformer::cuda
