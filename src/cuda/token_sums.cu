// In float32. A block of threads takes a chunk of a document, a tile of it at a time in shared
// memory, for 16 heads: first a thread has a token and some heads, then a column and all heads.
#include "cuda/token_sums.cuh"

#include <algorithm>
#include <type_traits>

#include "cuda/chunk_sums.h"

namespace fastformer::cuda {
namespace {

constexpr int kScoreStride = kHeads + 4;  // rows of scores begin in different banks

// A block's shared memory: a tile of x [tile, width], `sets` of directions [heads, width], each
// with `sets` of scores [tile, heads].
struct BlockMemory {
  std::int64_t width, tile;
  int sets;

  __host__ __device__ std::int64_t x_stride() const { return width + 4; }
  __host__ __device__ std::int64_t direction_stride() const { return width + 4; }
  __host__ __device__ std::int64_t directions_at() const { return tile * x_stride() * 4; }
  __host__ __device__ std::int64_t scores_at() const {
    return directions_at() + sets * kHeads * direction_stride() * 4;
  }
  __host__ __device__ std::int64_t bytes() const {
    return scores_at() + sets * tile * kScoreStride * 4;
  }
};

__device__ void load_tile(const float* from, int tokens, const BlockMemory& layout, float* tile) {
  const int per_row = static_cast<int>(layout.width) / 4;
  for (int i = threadIdx.x; i < tokens * per_row; i += kThreads) {
    const int row = i / per_row, part = i % per_row;
    reinterpret_cast<uint4*>(tile + row * layout.x_stride())[part] =
        reinterpret_cast<const uint4*>(from + row * layout.width)[part];
  }
}

// Rows of float32 [heads, width] from `first_head` on; what is past the last head is 0.
__device__ void load_heads(const float* from, int heads, const BlockMemory& layout, float* to) {
  const int vectors = static_cast<int>(layout.width) / 4;
  for (int i = threadIdx.x; i < kHeads * vectors; i += kThreads) {
    const int head = i / vectors, part = i % vectors;
    reinterpret_cast<float4*>(to + head * layout.direction_stride())[part] =
        head < heads ? reinterpret_cast<const float4*>(from + head * layout.width)[part]
                     : make_float4(0, 0, 0, 0);
  }
}

// Products of a token with `count` of the heads, every `step`-th.
template <int kCount>
__device__ void multiply(const float* token, const float* heads, int step,
                         const BlockMemory& layout, float (&products)[kCount]) {
#pragma unroll
  for (int n = 0; n < kCount; ++n) products[n] = 0;
  for (int k = 0; k < layout.width; k += kVector) {
    float x[kVector], direction[kVector];
    load_vector(token + k, x);
#pragma unroll
    for (int n = 0; n < kCount; ++n) {
      load_vector(heads + n * step * layout.direction_stride() + k, direction);
#pragma unroll
      for (int i = 0; i < kVector; ++i) products[n] = fmaf(x[i], direction[i], products[n]);
    }
  }
}

// Scores to exponentials above the largest so far; `factor` brings earlier sums to it.
__device__ void exponentials(float* scores, int tokens, Running& running) {
  const int lane = threadIdx.x % kWarp;
  for (int head = threadIdx.x / kWarp; head < kHeads; head += kWarps) {
    float largest = running.largest[head];
    for (int t = lane; t < tokens; t += kWarp) {
      largest = fmaxf(largest, scores[t * kScoreStride + head]);
    }
    largest = largest_of_lanes(largest);
    float sum = 0;
    for (int t = lane; t < tokens; t += kWarp) {
      float& score = scores[t * kScoreStride + head];
      score = expf(score - largest);
      sum += score;
    }
    sum = sum_of_lanes(sum);
    if (lane == 0) running.add(head, largest, sum);
  }
}

// Adds number * weights[head] to each head's sum.
__device__ void add_weighted(const float* weights, float number, float (&sums)[kHeads]) {
#pragma unroll
  for (int h = 0; h < kHeads; h += 4) {
    const float4 four = *reinterpret_cast<const float4*>(weights + h);
    sums[h] = fmaf(four.x, number, sums[h]);
    sums[h + 1] = fmaf(four.y, number, sums[h + 1]);
    sums[h + 2] = fmaf(four.z, number, sums[h + 2]);
    sums[h + 3] = fmaf(four.w, number, sums[h + 3]);
  }
}

// The columns of a thread: threadIdx.x, threadIdx.x + kThreads, ...
template <int kColumns>
__device__ void write_sums(const float (&sums)[kColumns][kHeads], int heads, std::int64_t width,
                           float* to) {
#pragma unroll
  for (int n = 0; n < kColumns; ++n) {
    const int column = threadIdx.x + n * kThreads;
    if (column >= width) break;
    for (int h = 0; h < heads; ++h) to[h * width + column] = sums[n][h];
  }
}

// A thread's share of the scores: a token and every (kThreads / tile)-th head.
template <int kTile>
struct Share {
  static constexpr int kParts = kThreads / kTile, kCount = kHeads / kParts;
  int token = threadIdx.x / kParts, part = threadIdx.x % kParts;

  __device__ void score(const float* tile, const float* heads, const BlockMemory& layout,
                        float (&scores)[kCount]) const {
    multiply<kCount>(tile + token * layout.x_stride(), heads + part * layout.direction_stride(),
                     kParts, layout, scores);
  }
  __device__ float& of(float* scores, int n) const {
    return scores[token * kScoreStride + part + n * kParts];
  }
};

template <int kTile, int kColumns>
__global__ void __launch_bounds__(kThreads)
    token_sums_kernel(TokenSums input, TokenSumsResult result) {
  __shared__ Running running;
  const BlockMemory layout = {input.x.columns, kTile, 1};
  char* bytes = block_memory();
  float* tile = reinterpret_cast<float*>(bytes);
  float* directions = reinterpret_cast<float*>(bytes + layout.directions_at());
  float* scores = reinterpret_cast<float*>(bytes + layout.scores_at());
  const Place<float> place = place_of<float>(input, blockIdx.y);
  const std::int64_t width = layout.width;
  const Share<kTile> share;
  load_heads(directions_of(input, place), place.heads, layout, directions);
  if (threadIdx.x < kHeads) {
    running.largest[threadIdx.x] = -INFINITY;
    running.sum[threadIdx.x] = 0;
  }
  float sums[kColumns][kHeads] = {};
  for (int begin = 0; begin < place.chunk.count; begin += kTile) {
    const int tokens = min(kTile, place.chunk.count - begin);
    load_tile(place.x + begin * width, tokens, layout, tile);
    __syncthreads();
    if (share.token < tokens) {
      float own[Share<kTile>::kCount];
      share.score(tile, directions, layout, own);
      for (int n = 0; n < Share<kTile>::kCount; ++n) share.of(scores, n) = own[n];
    }
    __syncthreads();
    exponentials(scores, tokens, running);
    __syncthreads();
#pragma unroll
    for (int n = 0; n < kColumns; ++n) {
      const int column = threadIdx.x + n * kThreads;
      if (column >= width) break;
#pragma unroll
      for (int h = 0; h < kHeads; ++h) sums[n][h] *= running.factor[h];
      for (int t = 0; t < tokens; ++t) {
        add_weighted(scores + t * kScoreStride, tile[t * layout.x_stride() + column], sums[n]);
      }
    }
    __syncthreads();
  }
  const std::int64_t row = blockIdx.x * input.heads + place.first_head;
  write_sums(sums, place.heads, width, result.partial + row * width);
  if (threadIdx.x < place.heads) {
    result.stats[(row + threadIdx.x) * 2] = running.largest[threadIdx.x];
    result.stats[(row + threadIdx.x) * 2 + 1] = running.sum[threadIdx.x];
  }
}

// What a token's gradient of x takes of one column.
struct Column {
  float upstream[kHeads], direction[kHeads];  // the column's

  __device__ float gradient(const float* weights, const float* changes) const {
    float sum = 0;
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      sum = fmaf(weights[h], upstream[h], fmaf(changes[h], direction[h], sum));
    }
    return sum;
  }
};

template <int kTile, int kColumns>
__global__ void __launch_bounds__(kThreads)
    token_sums_backward_kernel(TokenSums input, TokenSumsBackward backward, int group) {
  __shared__ HeadNumbers numbers;
  const BlockMemory layout = {input.x.columns, kTile, 2};
  char* bytes = block_memory();
  float* tile = reinterpret_cast<float*>(bytes);
  float* directions = reinterpret_cast<float*>(bytes + layout.directions_at());
  float* upstream = directions + kHeads * layout.direction_stride();
  float* weights = reinterpret_cast<float*>(bytes + layout.scores_at());  // of the softmax
  float* changes = weights + kTile * kScoreStride;                        // gradients of scores
  const Place<float> place = place_of<float>(input, group);
  const std::int64_t width = layout.width;
  const Share<kTile> share;
  load_heads(directions_of(input, place), place.heads, layout, directions);
  load_heads(heads_of(input, backward.upstream, place.chunk.document, place.first_head),
             place.heads, layout, upstream);
  load_numbers(input, backward, place.chunk.document, place.first_head, place.heads, numbers);
  float* gradient = static_cast<float*>(backward.x_gradient) + place.chunk.begin * width;
  const float* others = static_cast<const float*>(backward.others) + place.chunk.begin * width;
  float sums[kColumns][kHeads] = {};
  __syncthreads();
  for (int begin = 0; begin < place.chunk.count; begin += kTile) {
    const int tokens = min(kTile, place.chunk.count - begin);
    load_tile(place.x + begin * width, tokens, layout, tile);
    __syncthreads();
    if (share.token < tokens) {
      constexpr int kCount = Share<kTile>::kCount;
      float score[kCount], product[kCount];
      share.score(tile, directions, layout, score);
      share.score(tile, upstream, layout, product);
      for (int n = 0; n < kCount; ++n) {
        const int head = share.part + n * Share<kTile>::kParts;
        const bool is_one = head < place.heads;
        const float weight = is_one ? expf(score[n] - numbers.log[head]) : 0;
        share.of(weights, n) = weight;
        share.of(changes, n) = is_one ? weight * (product[n] - numbers.mean[head]) : 0;
      }
    }
    __syncthreads();
#pragma unroll
    for (int n = 0; n < kColumns; ++n) {
      const int column = threadIdx.x + n * kThreads;
      if (column >= width) break;
      Column own;
#pragma unroll
      for (int h = 0; h < kHeads; ++h) {
        own.upstream[h] = upstream[h * layout.direction_stride() + column];
        own.direction[h] = directions[h * layout.direction_stride() + column];
      }
      constexpr int kAtOnce = 4;  // loads on their way together
      for (int first = 0; first < tokens; first += kAtOnce) {
        const std::int64_t at = (begin + first) * width + column;
        float before[kAtOnce] = {};
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
          if (backward.others && first + i < tokens) before[i] = others[at + i * width];
        }
#pragma unroll
        for (int i = 0; i < kAtOnce; ++i) {
          if (first + i >= tokens) break;
          const int row = (first + i) * kScoreStride;
          const float x = tile[(first + i) * layout.x_stride() + column];
          add_weighted(changes + row, x, sums[n]);
          store(gradient + at + i * width, before[i] + own.gradient(weights + row, changes + row));
        }
      }
    }
    __syncthreads();
  }
  const std::int64_t row = blockIdx.x * input.heads + place.first_head;
  write_sums(sums, place.heads, width, backward.partial + row * width);
}

// Calls launch(tile, columns) with the largest tile of which two fit into a multiprocessor, and the
// columns of a thread, both as types.
template <typename Launch>
void with_shape(std::int64_t width, int sets, const Launch& launch) {
  int device = 0;
  cudaGetDevice(&device);
  const bool fits = BlockMemory{width, 64, sets}.bytes() <= most_shared_memory(device) / 2;
  const auto with_columns = [&](auto tile) {
    if (width <= kThreads) return launch(tile, std::integral_constant<int, 1>());
    if (width <= 2 * kThreads) return launch(tile, std::integral_constant<int, 2>());
    return launch(tile, std::integral_constant<int, 4>());
  };
  if (fits) return with_columns(std::integral_constant<int, 64>());
  return with_columns(std::integral_constant<int, 16>());
}

void float_sums(const TokenSums& input, const TokenSumsResult& result) {
  with_shape(input.x.columns, 1, [&](auto tile, auto columns) {
    launch({"token_sums", dim3(input.chunks.count, groups_of(input)),
            BlockMemory{input.x.columns, tile(), 1}.bytes()},
           token_sums_kernel<tile(), columns()>, input, result);
  });
}

void float_sums_backward(const TokenSums& input, const TokenSumsBackward& backward, int group) {
  with_shape(input.x.columns, 2, [&](auto tile, auto columns) {
    launch({"token_sums_backward", input.chunks.count,
            BlockMemory{input.x.columns, tile(), 2}.bytes()},
           token_sums_backward_kernel<tile(), columns()>, input, backward, group);
  });
}

}  // namespace

std::int64_t least_shared_memory(std::int64_t width) {
  return std::max(BlockMemory{width, 16, 2}.bytes(), tensor_sums_memory(width));
}

void token_sums(const TokenSums& input, const TokenSumsResult& result) {
  if (input.chunks.count > 0) {
    input.x.type == Type::kBFloat16 ? tensor_sums(input, result) : float_sums(input, result);
  }
  ChunkSums sums;
  sums.partial = result.partial;
  sums.rows = sums.heads = input.heads;
  sums.width = input.x.columns;
  sums.softmax.stats = result.stats;
  sums.sums = {result.sums, input.chunks.documents * input.heads, input.x.columns, Type::kFloat32};
  sums.logs = result.logs;
  sum_chunks(input.chunks, sums);
}

void token_sums_backward(const TokenSums& input, const TokenSumsBackward& backward) {
  if (input.chunks.count == 0) return;
  // One group of heads after another, since each adds to all of x's gradient.
  TokenSumsBackward one = backward;
  for (int group = 0; group < groups_of(input); ++group) {
    input.x.type == Type::kBFloat16 ? tensor_sums_backward(input, one, group)
                                    : float_sums_backward(input, one, group);
    one.others = one.x_gradient;
  }
}

}  // namespace fastformer::cuda
