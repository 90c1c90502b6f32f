// Each document's largest value of every channel (kernels/document_max.h).
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

// maxima [documents, width], of the type of rows [tokens, width], and the token that each came
// from: of equal ones the first. An empty document's maxima are 0 and its tokens -1.
struct DocumentMax {
  Chunks chunks;
  Matrix rows;
  void* maxima = nullptr;
  std::int32_t* tokens = nullptr;
  // Room for the chunks' own, [chunks, width].
  float* chunk_maxima = nullptr;
  std::int32_t* chunk_tokens = nullptr;
};
void document_max(const DocumentMax& input);

// Puts the gradient of the maxima where they came from, into a rows_gradient of zeros.
void document_max_backward(const std::int32_t* tokens, const Matrix& maxima_gradient,
                           void* rows_gradient);

}  // namespace fastformer::cuda
