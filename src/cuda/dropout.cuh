// The mask of kernels/dropout.h on a GPU: the same hashes, so the same elements.
#pragma once

#include <cuda_runtime.h>

#include "base/random.h"
#include "cuda/dropout.h"

namespace fastformer::cuda {

// What eight elements of a token, from column `first` on, are multiplied by.
__device__ inline void dropout_factors(const DropoutMask& mask, std::int64_t token,
                                       std::int64_t first, std::int64_t width,
                                       float (&factors)[kVector]) {
  constexpr int kPerHash = 4, kBits = 16;
  // Rows are whole vectors, so that a document's mask begins with a hash of its own here too.
  const std::int64_t row = mask.document_of ? mask.document_of[token] : token;
  const auto hash = static_cast<std::uint64_t>((row * width + first) / kPerHash);
#pragma unroll
  for (int part = 0; part < kVector / kPerHash; ++part) {
    const std::uint64_t bits = mix_bits(mask.key + hash + static_cast<std::uint64_t>(part));
#pragma unroll
    for (int i = 0; i < kPerHash; ++i) {
      const auto number = static_cast<std::uint32_t>(bits >> (kBits * i)) & 0xffffu;
      factors[part * kPerHash + i] = number >= mask.threshold ? mask.scale : 0;
    }
  }
}

}  // namespace fastformer::cuda
