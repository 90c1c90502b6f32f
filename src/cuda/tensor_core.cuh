// Products of 16 x 16 with 16 x 8 bfloat16 matrices by a warp's tensor core (PTX ISA, "Matrix
// fragments for mma.m16n8k16"), and their ways from shared memory. A lane holds, of 8 x 8 numbers,
// two neighbours: row lane / 4, columns 2 (lane % 4) and the next.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

namespace fastformer::cuda {

using Left = std::uint32_t[4];   // 16 x 16: upper and lower left, then upper and lower right
using Right = std::uint32_t[2];  // 16 x 8, as columns: upper, lower
using Sums = float[4];           // 16 x 8: row lane / 4, two columns, then row lane / 4 + 8

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

// A matrix in shared memory whose rows begin `stride` numbers apart.
struct SharedMatrix {
  __nv_bfloat16* data;
  int stride;

  __device__ __nv_bfloat16* at(int row, int column) const { return data + row * stride + column; }

  // The 16 x 16 from (row, column) on as the left side.
  __device__ void load_left(int row, int column, Left& left) const {
    const int lane = threadIdx.x % 32;
    load_four(at(row + lane % 16, column + lane / 16 * 8), left);
  }
  // Its transpose as the left side.
  __device__ void load_left_transposed(int row, int column, Left& left) const {
    const int lane = threadIdx.x % 32;
    load_four_transposed(at(row + lane % 8 + lane / 16 * 8, column + lane / 8 % 2 * 8), left);
  }
  // The 16 x 8 from (row, column) on as the right side.
  __device__ void load_right(int row, int column, Right& right) const {
    load_two_transposed(at(row + threadIdx.x % 16, column), right);
  }
  // The transposes of the 8 x 16 from (row, column) on and of those 8 rows further as right sides.
  __device__ void load_rights_transposed(int row, int column, Right (&rights)[2]) const {
    const int lane = threadIdx.x % 32;
    std::uint32_t four[4];
    load_four(at(row + lane % 8 + lane / 16 * 8, column + lane / 8 % 2 * 8), four);
    rights[0][0] = four[0], rights[0][1] = four[1];
    rights[1][0] = four[2], rights[1][1] = four[3];
  }
};

}  // namespace fastformer::cuda
