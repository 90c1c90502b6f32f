// What the kernels of token_sums.cu and tensor_sums.cu share.
#pragma once

#include "cuda/device_code.cuh"
#include "cuda/token_sums.h"

namespace fastformer::cuda {

constexpr int kHeads = kHeadsAtOnce;

// What a block knows of its place.
template <typename T>
struct Place {
  Chunk chunk;
  int first_head, heads;  // of this block
  const T* x;
};

template <typename T>
__device__ inline Place<T> place_of(const TokenSums& input, int group) {
  Place<T> place;
  place.chunk = input.chunks.table[blockIdx.x];
  place.first_head = group * kHeads;
  place.heads = min(kHeads, static_cast<int>(input.heads) - place.first_head);
  place.x = static_cast<const T*>(input.x.data) + place.chunk.begin * input.x.columns;
  return place;
}

__device__ inline const float* heads_of(const TokenSums& input, const float* all, int document,
                                        int first_head) {
  return all + (document * input.heads + first_head) * input.x.columns;
}

template <typename T>
__device__ inline const float* directions_of(const TokenSums& input, const Place<T>& place) {
  return heads_of(input, input.directions, input.shares_directions ? 0 : place.chunk.document,
                  place.first_head);
}

// Of the chunk until now, for every head.
struct Running {
  float largest[kHeads], sum[kHeads], factor[kHeads];

  // Takes in a tile's sum of exponentials above `most`, the largest score until now.
  __device__ void add(int head, float most, float tile_sum) {
    factor[head] = expf(largest[head] - most);
    sum[head] = sum[head] * factor[head] + tile_sum;
    largest[head] = most;
  }
};

// What backward needs of each head: the softmax's logarithm, and the mean of the weighted products
// with the upstream gradient, which is the sums' own.
struct HeadNumbers {
  int heads;
  float log[kHeads], mean[kHeads];
};

__device__ inline void load_numbers(const TokenSums& input, const TokenSumsBackward& backward,
                                    int document, int first_head, int heads, HeadNumbers& numbers) {
  const float* sums = heads_of(input, backward.sums, document, first_head);
  const float* upstream = heads_of(input, backward.upstream, document, first_head);
  const int lane = threadIdx.x % kWarp;
  if (threadIdx.x == 0) numbers.heads = heads;
  for (int head = threadIdx.x / kWarp; head < heads; head += kWarps) {
    float sum = 0;
    for (int c = lane; c < input.x.columns; c += kWarp) {
      sum += sums[head * input.x.columns + c] * upstream[head * input.x.columns + c];
    }
    sum = sum_of_lanes(sum);
    if (lane > 0) continue;
    numbers.mean[head] = sum;
    numbers.log[head] = backward.logs[document * input.heads + first_head + head];
  }
}

inline int groups_of(const TokenSums& input) {
  return static_cast<int>((input.heads + kHeads - 1) / kHeads);
}

// Of bfloat16 rows by the tensor cores (tensor_sums.cu), what token_sums.cu does of float32 ones:
// of the chunks alone, and backward of one group of heads.
void tensor_sums(const TokenSums& input, const TokenSumsResult& result);
void tensor_sums_backward(const TokenSums& input, const TokenSumsBackward& backward, int group);

// Of a block, in bytes: what tensor_sums_backward needs, and the least with which all kernels of
// this width can be launched.
std::int64_t tensor_sums_memory(std::int64_t width);
std::int64_t least_shared_memory(std::int64_t width);

}  // namespace fastformer::cuda
