// Documents laid end to end: where each begins, on the processor and on the device.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "learn/gpu/layout.h"

namespace fastformer::learn {

// Layout of a batch of documents whose tokens lie end to end.
struct Ragged {
  std::vector<std::int64_t>
      offsets;             // [documents + 1]; document b is tokens [offsets[b], offsets[b+1])
  at::Tensor document_of;  // int64 [tokens] on the device: which document a token is of
  at::Tensor position_of;  // int64 [tokens] on the device: its place in the document

  gpu::Layout layout;  // on a GPU whose kernels are built

  // Throws when the offsets do not begin at 0 or ever fall.
  static Ragged from_offsets(std::vector<std::int64_t> offsets, at::Device device = at::kCPU);
  // The same from ATen operations, which send the offsets alone to the device.
  static Ragged by_aten(std::vector<std::int64_t> offsets, at::Device device);

  std::int64_t documents() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t tokens() const { return offsets.back(); }
  std::vector<std::int64_t> lengths() const;  // tokens of each document
};

}  // namespace fastformer::learn
