// The gradient of the exact GELU, x Phi(x), and its sums.
#pragma once

#include "cuda/types.h"

namespace fastformer::cuda {

// Overwrites the upstream gradient [tokens, units], of the inputs' type, by that of the inputs;
// partial [gelu_blocks(tokens), units] gets sums of it. Units are whole vectors.
struct GeluBackward {
  Matrix inputs;
  void* gradient = nullptr;
  float* partial = nullptr;
};
std::int64_t gelu_blocks(std::int64_t tokens);
void gelu_backward(const GeluBackward& pass);

}  // namespace fastformer::cuda
