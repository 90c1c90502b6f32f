// Dropout whose mask is a function of a seed (kernels/dropout.h).
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

struct DropoutMask {
  std::uint32_t threshold = 0;  // of 16 random bits that keep an element; 0: all are kept
  float scale = 1;              // of what is kept
  std::uint64_t key = 0;
  // int64 [tokens], where a document's tokens share a mask.
  const std::int64_t* document_of = nullptr;
};

// Leaves out elements with probability `rate`, a multiple of 2^-16.
DropoutMask dropout_mask(double rate, std::uint64_t seed, const std::int64_t* document_of);

// output, of input's type, may be input.
void dropout(const DropoutMask& mask, const Matrix& input, void* output);

}  // namespace fastformer::cuda
