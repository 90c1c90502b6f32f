// What the kernels share.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <fastformer/error.h>

#include <string>
#include <type_traits>

#include "cuda/instructions.cuh"
#include "cuda/types.h"

namespace fastformer::cuda {

constexpr int kThreads = 256, kWarp = 32, kWarps = kThreads / kWarp;

// Most shared memory that a block can have, in bytes; 0 on a GPU that the kernels are not built
// for.
std::int64_t most_shared_memory(int device);

struct Launch {
  const char* name;  // of the kernel, for errors
  dim3 blocks;
  std::int64_t block_memory = 0;  // bytes
  dim3 threads = kThreads;
};

// Starts a kernel on the selected device. Throws an Error if it did not come about.
template <typename... Parameters>
void launch(const Launch& how, void (*kernel)(Parameters...),
            std::type_identity_t<Parameters>... arguments) {
  const auto bytes = static_cast<std::size_t>(how.block_memory);
  constexpr std::size_t kUnasked = 32 * 1024;  // and what kernels take beside it
  if (bytes > kUnasked) {
    cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                         cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
  }
  void* pointers[] = {&arguments...};
  cudaLaunchKernel(kernel, how.blocks, how.threads, pointers, bytes, nullptr);
  const cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess) return;
  throw Error(std::string("the GPU did not take the kernel ") + how.name + " (" +
                  cudaGetErrorString(error) + ")",
              "--device", "Use --device cpu");
}

// Calls work with a null pointer to the numbers' C++ type.
template <typename Work>
void with_type(Type type, const Work& work) {
  if (type == Type::kBFloat16) {
    work(static_cast<__nv_bfloat16*>(nullptr));
  } else {
    work(static_cast<float*>(nullptr));
  }
}

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }
__device__ inline void store(float* to, float value) { *to = value; }
__device__ inline void store(__nv_bfloat16* to, float value) { *to = __float2bfloat16_rn(value); }

// Eight numbers in a row, aligned to 16 bytes.
__device__ inline void load_vector(const float* from, float (&values)[kVector]) {
  const float4 low = reinterpret_cast<const float4*>(from)[0];
  const float4 high = reinterpret_cast<const float4*>(from)[1];
  values[0] = low.x, values[1] = low.y, values[2] = low.z, values[3] = low.w;
  values[4] = high.x, values[5] = high.y, values[6] = high.z, values[7] = high.w;
}

__device__ inline void load_vector(const __nv_bfloat16* from, float (&values)[kVector]) {
  const uint4 packed = *reinterpret_cast<const uint4*>(from);
  const unsigned words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {  // a bfloat16 is the upper half of a float
    values[2 * i] = __uint_as_float(words[i] << 16);
    values[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
  }
}

__device__ inline void store_vector(float* to, const float (&values)[kVector]) {
  reinterpret_cast<float4*>(to)[0] = make_float4(values[0], values[1], values[2], values[3]);
  reinterpret_cast<float4*>(to)[1] = make_float4(values[4], values[5], values[6], values[7]);
}

__device__ inline void store_vector(__nv_bfloat16* to, const float (&values)[kVector]) {
  alignas(16) __nv_bfloat162 pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    pairs[i] = __floats2bfloat162_rn(values[2 * i], values[2 * i + 1]);
  }
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(pairs);
}

// Over groups of `lanes` neighbouring lanes of a warp, a power of two; every lane gets the result.
__device__ inline float sum_of_lanes(float value, int lanes = kWarp) {
  for (int step = lanes / 2; step > 0; step /= 2) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

__device__ inline float largest_of_lanes(float value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = fmaxf(value, __shfl_xor_sync(~0u, value, step));
  }
  return value;
}

}  // namespace fastformer::cuda
