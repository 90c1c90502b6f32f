// Dropout, residual sum and layer norm in one sweep (kernels/residual_norm.h), and their gradients.
#pragma once

#include "cuda/dropout.h"
#include "cuda/types.h"

namespace fastformer::cuda {

// What is added to the change before dropout: float32 [width], or, with document_of, int64
// [tokens], the token's document's row of [documents, width].
struct ChangeBias {
  const float* rows = nullptr;
  const std::int64_t* document_of = nullptr;
};

struct ResidualNorm {
  const float *weight = nullptr, *bias = nullptr;  // [width]
  float epsilon = 0;
  DropoutMask dropout;
  ChangeBias change_bias;
};

// All [tokens, width] and of one type, but moments: float32 [tokens, 2]. Without a change the norm
// of hidden alone, and no sum is written.
struct ResidualNormPass {
  Matrix hidden;
  const void* change = nullptr;
  void *sum = nullptr, *output = nullptr;
  float* moments = nullptr;
};
void residual_norm(const ResidualNorm& norm, const ResidualNormPass& pass);

// Gradients of hidden and change, of upstream's type; `change` is only written under dropout, else
// it is hidden's. partial [blocks, sums, width]: sums of the weight's, the bias's and, of 3 sums,
// the change's. Of chunks, if there are any, each is a block; else there are norm_blocks(tokens).
struct ResidualNormBackward {
  Matrix upstream;
  const void* sum = nullptr;
  const float* moments = nullptr;
  void *hidden = nullptr, *change = nullptr;
  Chunks chunks;
  int sums = 2;
  float* partial = nullptr;
};
std::int64_t norm_blocks(std::int64_t tokens);
void residual_norm_backward(const ResidualNorm& norm, const ResidualNormBackward& pass);

}  // namespace fastformer::cuda
