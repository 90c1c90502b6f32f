// What only a GPU has: a block's shared memory, and a warp's tensor core with its ways from shared
// memory (PTX ISA, "Matrix fragments for mma.m16n8k16" and "ldmatrix"). Where another compiler
// reads the kernels, they are run on the processor, for tests alone (tests/gpu_on_processor).
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace fastformer::cuda {

// Matrices of bfloat16 in a warp's registers. A lane holds, of 8 x 8 numbers, two neighbours: row
// lane / 4, columns 2 (lane % 4) and the next.
using Left = std::uint32_t[4];   // 16 x 16: upper and lower left, then upper and lower right
using Right = std::uint32_t[2];  // 16 x 8, as columns: upper, lower
using Sums = float[4];           // 16 x 8: row lane / 4, two columns, then row lane / 4 + 8

#ifdef __CUDACC__

constexpr bool kOnProcessor = false;

// As many bytes as the launch gave the block, aligned to 16.
__device__ inline char* block_memory() {
  extern __shared__ uint4 memory[];
  return reinterpret_cast<char*>(memory);
}

__device__ inline void add_product(const Left& left, const Right& right, Sums& sums) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

__device__ inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// Four, or two, matrices of 8 x 8; a lane names the row lane % 8 of the matrix lane / 8.
__device__ inline void load_four(const void* row, std::uint32_t (&to)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row)));
}
__device__ inline void load_four_transposed(const void* row, std::uint32_t (&to)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(row)));
}
__device__ inline void load_two_transposed(const void* row, std::uint32_t (&to)[2]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(shared_address(row)));
}

#else

constexpr bool kOnProcessor = true;

char* block_memory();
void add_product(const Left& left, const Right& right, Sums& sums);
void load_four(const void* row, std::uint32_t (&to)[4]);
void load_four_transposed(const void* row, std::uint32_t (&to)[4]);
void load_two_transposed(const void* row, std::uint32_t (&to)[2]);

#endif

}  // namespace fastformer::cuda
