// Forward: a block for a chunk, a thread for every kThreads-th column. Backward: some lanes for the
// share of one head in a token's row.
#include "cuda/additive_pool.h"

#include "cuda/chunk_sums.h"
#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

// A chunk's scores to exponentials above their largest, head by head, and what is known of them.
template <typename T>
__device__ void exponentials(const T* scores, int tokens, int heads, float* weights, float* stats) {
  const int lane = threadIdx.x % kWarp;
  for (int head = threadIdx.x / kWarp; head < heads; head += kWarps) {
    float largest = -INFINITY, sum = 0;
    for (int t = lane; t < tokens; t += kWarp) {
      largest = fmaxf(largest, to_float(scores[t * heads + head]));
    }
    largest = largest_of_lanes(largest);
    for (int t = lane; t < tokens; t += kWarp) {
      const float weight = expf(to_float(scores[t * heads + head]) - largest);
      weights[t * heads + head] = weight;
      sum += weight;
    }
    sum = sum_of_lanes(sum);
    if (lane == 0) stats[head * 2] = largest, stats[head * 2 + 1] = sum;
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    additive_pool_kernel(AdditivePool input, AdditivePoolResult result) {
  float* weights = reinterpret_cast<float*>(block_memory());  // [tokens of the chunk, heads]
  const Chunk chunk = input.chunks.table[blockIdx.x];
  const int heads = static_cast<int>(input.scores.columns);
  const std::int64_t width = input.values.columns;
  exponentials(static_cast<const T*>(input.scores.data) + chunk.begin * std::int64_t{heads},
               chunk.count, heads, weights, result.stats + blockIdx.x * std::int64_t{2} * heads);
  __syncthreads();
  const T* values = static_cast<const T*>(input.values.data) + chunk.begin * width;
  for (std::int64_t column = threadIdx.x; column < width; column += kThreads) {
    const int head = static_cast<int>(column / (width / heads));
    float sum = 0;
#pragma unroll 8
    for (int t = 0; t < chunk.count; ++t) {
      sum = fmaf(weights[t * heads + head], to_float(values[t * width + column]), sum);
    }
    result.partial[blockIdx.x * width + column] = sum;
  }
}

// The lanes of a (token, head), a power of two that divides a warp.
int lanes_of(std::int64_t head_width) {
  int lanes = 1;
  while (lanes < kWarp && 2 * lanes * kVector <= head_width) lanes *= 2;
  return lanes;
}

// Calls use(column) for this lane's vectors of a head.
template <typename Use>
__device__ void for_head(std::int64_t head_width, int lanes, const Use& use) {
  for (std::int64_t c = threadIdx.x % lanes * kVector; c < head_width; c += lanes * kVector) {
    use(c);
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    additive_pool_backward_kernel(AdditivePool input, AdditivePoolBackward backward, int lanes) {
  const Chunk chunk = input.chunks.table[blockIdx.x];
  const std::int64_t heads = input.scores.columns, width = input.values.columns;
  const std::int64_t head_width = width / heads;
  const int pairs = chunk.count * static_cast<int>(heads), at_once = kThreads / lanes;
  for (int first = 0; first < pairs; first += at_once) {  // together, for the sums over lanes
    const int pair = first + threadIdx.x / lanes;
    const bool is_one = pair < pairs;
    const std::int64_t head = pair % heads, token = chunk.begin + pair / heads;
    const std::int64_t row = token * width + head * head_width;
    const std::int64_t own = chunk.document * width + head * head_width;
    const T* upstream = static_cast<const T*>(backward.upstream) + own;
    float change = 0;  // the product of upstream with what the value adds to the mean
    if (is_one) {
      for_head(head_width, lanes, [&](std::int64_t c) {
        float value[kVector], mean[kVector], up[kVector];
        load_vector(static_cast<const T*>(input.values.data) + row + c, value);
        load_vector(static_cast<const T*>(backward.pooled) + own + c, mean);
        load_vector(upstream + c, up);
        for (int i = 0; i < kVector; ++i) change += (value[i] - mean[i]) * up[i];
      });
    }
    change = sum_of_lanes(change, lanes);
    if (!is_one) continue;
    const std::int64_t place = token * heads + head;
    const float weight = expf(to_float(static_cast<const T*>(input.scores.data)[place]) -
                              backward.logs[chunk.document * heads + head]);
    if (threadIdx.x % lanes == 0) {
      store(static_cast<T*>(backward.scores_gradient) + place, weight * change);
    }
    for_head(head_width, lanes, [&](std::int64_t c) {
      float up[kVector];
      load_vector(upstream + c, up);
      for (int i = 0; i < kVector; ++i) up[i] *= weight;
      store_vector(static_cast<T*>(backward.values_gradient) + row + c, up);
    });
  }
}

}  // namespace

void additive_pool(const AdditivePool& input, const AdditivePoolResult& result) {
  const std::int64_t heads = input.scores.columns;
  if (input.chunks.count > 0) {
    const auto bytes = static_cast<std::int64_t>(kChunkTokens * heads * sizeof(float));
    with_type(input.values.type, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      launch({"additive_pool", input.chunks.count, bytes}, additive_pool_kernel<T>, input, result);
    });
  }
  ChunkSums sums;
  sums.partial = result.partial;
  sums.width = input.values.columns;
  sums.heads = heads;
  sums.softmax = {result.stats, input.epsilon};
  sums.sums = {result.pooled, input.chunks.documents, input.values.columns, input.values.type};
  sums.logs = result.logs;
  sum_chunks(input.chunks, sums);
}

void additive_pool_backward(const AdditivePool& input, const AdditivePoolBackward& backward) {
  if (input.chunks.count == 0) return;
  const int lanes = lanes_of(input.values.columns / input.scores.columns);
  with_type(input.values.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"additive_pool_backward", input.chunks.count}, additive_pool_backward_kernel<T>, input,
           backward, lanes);
  });
}

}  // namespace fastformer::cuda
