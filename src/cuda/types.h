// What the kernels for GPUs take: pointers to the device's memory. They run in the default stream,
// as libtorch does, and return before they are done.
#pragma once

#include <cstdint>

namespace fastformer::cuda {

// Numbers of a matrix [tokens, width]; all sums are taken in float32.
enum class Type { kFloat32, kBFloat16 };

// A matrix [rows, columns] without gaps between its rows.
struct Matrix {
  void* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Type type = Type::kFloat32;
};

// Tokens of documents laid end to end, cut into pieces of one document each, at most kChunkTokens
// long, in order.
constexpr int kChunkTokens = 256;
struct Chunk {
  std::int32_t document, begin, count;
};
struct Chunks {
  const Chunk* table = nullptr;         // [count]
  const std::int32_t* first = nullptr;  // [documents + 1]: a document's first in the table
  std::int32_t count = 0;
  std::int32_t documents = 0;
};

// Numbers that a thread reads at once.
constexpr std::int64_t kVector = 8;

// Whether the GPU can run the kernels on rows of this width: whole parts for eight warps, and no
// more than its blocks' shared memory holds.
bool has_kernels(int device, std::int64_t width);

// Whether kernels run on the processor in place of a GPU, as in tests without one.
bool are_on_processor();

// The GPU that this thread's kernels run on.
void select_device(int index);

}  // namespace fastformer::cuda
