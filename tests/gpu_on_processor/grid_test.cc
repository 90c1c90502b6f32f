// The grid that stands for a GPU's, against what CUDA says of one.
#include "grid.h"

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "cuda/device_code.cuh"
#include "cuda/tensor_core.cuh"

namespace fastformer::cuda {
namespace {

__global__ void write_places(std::vector<int>* written) {
  const unsigned thread = threadIdx.x + 4 * threadIdx.y,
                 block = blockIdx.x + gridDim.x * blockIdx.y;
  ++(*written)[block * 12 + thread];
}

TEST(GridTest, StandsForAGpu) { EXPECT_TRUE(are_on_processor() && has_kernels(0, 1024)); }

TEST(GridTest, RunsEveryThreadOfEveryBlockOnce) {
  std::vector<int> written(6 * 12);
  launch({"write_places", dim3(3, 2), 0, dim3(4, 3)}, write_places, &written);
  EXPECT_EQ(written, std::vector<int>(6 * 12, 1));
}

// Every thread reads what the others of its block wrote; of a whole number of warps and of others.
__global__ void sum_block(const int* numbers, int count, int* sums) {
  int* memory = reinterpret_cast<int*>(block_memory());
  if (static_cast<int>(threadIdx.x) >= count) return;  // who has ended is not waited for
  memory[threadIdx.x] = numbers[threadIdx.x];
  __syncthreads();
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += memory[i];
  __syncthreads();
  memory[threadIdx.x] = sum;
  __syncthreads();
  sums[threadIdx.x] = memory[count - 1 - static_cast<int>(threadIdx.x)];
}

TEST(GridTest, ThreadsOfABlockMeet) {
  for (const int count : {1, 31, 32, 33, 200, 256}) {
    std::vector<int> numbers(256), sums(256);
    for (int i = 0; i < 256; ++i) numbers[static_cast<std::size_t>(i)] = i;
    launch({"sum_block", 1, 256 * sizeof(int)}, sum_block, numbers.data(), count, sums.data());
    for (std::size_t i = 0; i < 256; ++i) {
      EXPECT_EQ(sums[i], static_cast<int>(i) < count ? count * (count - 1) / 2 : 0) << count;
    }
  }
}

__global__ void forget_to_meet(int* found) {
  int* memory = reinterpret_cast<int*>(block_memory());
  memory[threadIdx.x] = 1;
  found[threadIdx.x] = memory[(threadIdx.x + 1) % kThreads] == 1;
}

TEST(GridTest, ThreadsThatShouldHaveMetFindNothing) {
  for (int turn = 0; turn < 2; ++turn) {  // whoever comes first
    std::vector<int> found(kThreads);
    launch({"forget_to_meet", 1, kThreads * sizeof(int)}, forget_to_meet, found.data());
    EXPECT_NE(found, std::vector<int>(kThreads, 1));
  }
}

__global__ void reduce(float* sums, float* largest) {
  const float own = static_cast<float>(threadIdx.x * threadIdx.x % 37);
  sums[threadIdx.x] = sum_of_lanes(own, 8);
  largest[threadIdx.x] = largest_of_lanes(own);
}

TEST(GridTest, LanesReduce) {
  std::vector<float> sums(kThreads), largest(kThreads);
  launch({"reduce", 1}, reduce, sums.data(), largest.data());
  const auto of = [](int i) { return static_cast<float>(i * i % 37); };
  for (int i = 0; i < kThreads; ++i) {
    float sum = 0, most = 0;
    for (int j = 0; j < 8; ++j) sum += of(i / 8 * 8 + j);
    for (int j = 0; j < kWarp; ++j) most = std::max(most, of(i / kWarp * kWarp + j));
    EXPECT_EQ(sums[static_cast<std::size_t>(i)], sum) << i;
    EXPECT_EQ(largest[static_cast<std::size_t>(i)], most) << i;
  }
}

// [16, 16] times [16, 8], each side from a matrix that holds it as it is, or transposed.
__global__ void multiply(bool left_transposed, bool right_transposed, SharedMatrix left,
                         SharedMatrix right, float* product) {
  Left a;
  left_transposed ? left.load_left_transposed(0, 0, a) : left.load_left(0, 0, a);
  Right b, two[2];
  if (right_transposed) {
    right.load_rights_transposed(0, 0, two);
    b[0] = two[0][0], b[1] = two[0][1];
  } else {
    right.load_right(0, 0, b);
  }
  Sums sums = {};
  add_product(a, b, sums);
  const int row = static_cast<int>(threadIdx.x) / 4, column = static_cast<int>(threadIdx.x) % 4 * 2;
  for (int i = 0; i < 4; ++i) product[(row + i / 2 * 8) * 8 + column + i % 2] = sums[i];
}

TEST(GridTest, TensorCoreMultiplies) {
  const auto number = [](int i) { return static_cast<float>(i * 7 % 23 - 11); };  // exact
  std::vector<__nv_bfloat16> left(16 * 16), right(16 * 16);
  for (int i = 0; i < 256; ++i) {
    store(&left[static_cast<std::size_t>(i)], number(i));
    store(&right[static_cast<std::size_t>(i)], number(3 * i + 1));
  }
  for (const bool left_transposed : {false, true}) {
    for (const bool right_transposed : {false, true}) {
      std::vector<float> product(16 * 8);
      launch({"multiply", 1, 0, kWarp}, multiply, left_transposed, right_transposed,
             SharedMatrix{left.data(), 16}, SharedMatrix{right.data(), 16}, product.data());
      for (int row = 0; row < 16; ++row) {
        for (int column = 0; column < 8; ++column) {
          float sum = 0;
          for (int k = 0; k < 16; ++k) {
            const int a = left_transposed ? k * 16 + row : row * 16 + k;
            const int b = right_transposed ? column * 16 + k : k * 16 + column;
            sum += number(a) * number(3 * b + 1);
          }
          EXPECT_EQ(product[static_cast<std::size_t>(row * 8 + column)], sum);
        }
      }
    }
  }
}

TEST(GridTest, RefusesWhatAGpuRefuses) {
  float* none = nullptr;
  EXPECT_THROW(launch({"reduce", 1, 0, 1025}, reduce, none, none), Error);
  EXPECT_THROW(launch({"reduce", 0}, reduce, none, none), Error);
  EXPECT_THROW(launch({"reduce", 1, 228 * 1024}, reduce, none, none), Error);
}

}  // namespace
}  // namespace fastformer::cuda
