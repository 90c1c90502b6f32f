// What src/cuda uses of CUDA's header of this name, on the processor: a kernel's blocks run one
// after another, a block's threads in turn (grid.h).
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>

#include "grid.h"

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(threads)
#define __shared__ static  // one block runs at a time

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline int min(int a, int b) { return a < b ? a : b; }

using dim3 = fastformer::grid::Extent;
#define threadIdx fastformer::grid::here().thread
#define blockIdx fastformer::grid::here().block
#define gridDim fastformer::grid::here().blocks

inline void __syncthreads() { fastformer::grid::meet_block(); }
inline float __shfl_xor_sync(unsigned, float value, int step) {
  return fastformer::grid::value_of_lane(value, step);
}

enum cudaError_t { cudaSuccess, cudaErrorInvalidValue };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum cudaDeviceAttr { cudaDevAttrComputeCapabilityMajor, cudaDevAttrMaxSharedMemoryPerBlockOptin };
using cudaStream_t = void*;

cudaError_t cudaGetLastError();
inline const char* cudaGetErrorString(cudaError_t) { return "refused on the processor"; }
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);
cudaError_t cudaGetDeviceCount(int* devices);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);

template <typename... Parameters>
cudaError_t cudaLaunchKernel(void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                             void** arguments, std::size_t bytes, cudaStream_t) {
  const auto thread = [&]<std::size_t... I>(std::index_sequence<I...>) {
    kernel(*static_cast<Parameters*>(arguments[I])...);
  };
  return fastformer::grid::run({reinterpret_cast<const void*>(kernel), blocks, threads, bytes},
                               [&] { thread(std::index_sequence_for<Parameters...>()); })
             ? cudaSuccess
             : cudaErrorInvalidValue;
}
