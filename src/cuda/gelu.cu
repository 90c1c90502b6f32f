// A warp for a token and 256 of its units, a lane for eight of them.
#include "cuda/gelu.h"

#include <algorithm>

#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

constexpr int kColumns = kWarp * static_cast<int>(kVector);

// Phi(x) + x phi(x).
__device__ float slope(float x) {
  constexpr float kRootHalf = 0.70710678F, kDensityAtZero = 0.39894228F;
  return 0.5F * (1 + erff(x * kRootHalf)) + x * kDensityAtZero * expf(-0.5F * x * x);
}

template <typename T>
__global__ void __launch_bounds__(kThreads) gelu_backward_kernel(GeluBackward pass) {
  __shared__ float found[kWarps][kColumns];
  const std::int64_t units = pass.inputs.columns;
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const std::int64_t column = blockIdx.y * std::int64_t{kColumns} + lane * kVector;
  float sums[kVector] = {};
  for (std::int64_t token = blockIdx.x * std::int64_t{kWarps} + warp;
       column < units && token < pass.inputs.rows; token += gridDim.x * std::int64_t{kWarps}) {
    float x[kVector], gradient[kVector];
    T* own = static_cast<T*>(pass.gradient) + token * units + column;
    load_vector(static_cast<const T*>(pass.inputs.data) + token * units + column, x);
    load_vector(own, gradient);
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      gradient[i] *= slope(x[i]);
      sums[i] += gradient[i];
    }
    store_vector(own, gradient);
  }
#pragma unroll
  for (int i = 0; i < kVector; ++i) found[warp][lane * kVector + i] = sums[i];
  __syncthreads();
  const std::int64_t mine = blockIdx.y * std::int64_t{kColumns} + threadIdx.x;
  if (mine >= units) return;
  float sum = 0;
  for (int w = 0; w < kWarps; ++w) sum += found[w][threadIdx.x];
  pass.partial[blockIdx.x * units + mine] = sum;
}

}  // namespace

std::int64_t gelu_blocks(std::int64_t tokens) {
  constexpr std::int64_t kMost = 512;
  return std::min(kMost, (tokens + kWarps - 1) / kWarps);
}

void gelu_backward(const GeluBackward& pass) {
  static_assert(kColumns == kThreads);  // a thread for each column at the end
  if (pass.inputs.rows == 0) return;
  const dim3 blocks(static_cast<unsigned>(gelu_blocks(pass.inputs.rows)),
                    static_cast<unsigned>((pass.inputs.columns + kColumns - 1) / kColumns));
  with_type(pass.inputs.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"gelu_backward", blocks}, gelu_backward_kernel<T>, pass);
  });
}

}  // namespace fastformer::cuda
