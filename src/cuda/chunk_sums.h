// Sums of what blocks of threads found for the chunks of each document.
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

// A softmax taken piece by piece: of each chunk and head the largest score and the sum of the
// exponentials above it, [chunks, heads, 2].
struct SoftmaxParts {
  const float* stats = nullptr;
  float epsilon = 0;  // added to the sum of the unshifted exponentials
};

// partial [chunks, rows, width] -> sums [documents, rows, width] in the order of the chunks, each
// chunk's weighted by its share of the softmax and divided by the whole; without stats a plain sum.
// `heads`: of the stats; a row has one, or its columns are divided among all. logs, if given, gets
// the logarithm of the softmax's denominator, [documents, heads]; 0 for an empty document, whose
// sums are 0.
struct ChunkSums {
  const float* partial = nullptr;
  std::int64_t rows = 1, width = 0, heads = 1;
  SoftmaxParts softmax;
  Matrix sums;
  float* logs = nullptr;
};

void sum_chunks(const Chunks& chunks, const ChunkSums& sums);

}  // namespace fastformer::cuda
