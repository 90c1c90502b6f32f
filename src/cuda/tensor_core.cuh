// Matrices in shared memory as the sides of a tensor core's products of 16 x 16 with 16 x 8
// bfloat16 numbers.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "cuda/instructions.cuh"

namespace fastformer::cuda {

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
