// token_sums.cu's kernels where tensor cores do the products: of a tile of 64 tokens with the
// heads' directions, and of the heads' weights with the tile. A warp has 16 tokens of the first and
// an eighth of the columns of the second.
#include <type_traits>

#include "cuda/tensor_core.cuh"
#include "cuda/token_sums.cuh"

namespace fastformer::cuda {
namespace {

using Number = __nv_bfloat16;

constexpr int kTile = 64, kStep = 16, kBlock = 8;  // tokens; a product's depth and columns
constexpr int kPad = 8;                            // numbers after a row, so that banks differ
constexpr int kScoreStride = kHeads + 4, kWeightStride = kHeads + kPad;

// A block's shared memory, in bytes from its beginning: a tile, `sets` of the heads' directions,
// two tables of scores [tile, heads] in float32, and `sets` of weights [tile, heads].
struct BlockMemory {
  int width, sets;

  __host__ __device__ int stride() const { return width + kPad; }
  __host__ __device__ int heads_at() const { return kTile * stride() * 2; }
  __host__ __device__ int scores_at() const { return heads_at() + sets * kHeads * stride() * 2; }
  __host__ __device__ int weights_at() const { return scores_at() + 2 * kTile * kScoreStride * 4; }
  __host__ __device__ int bytes() const { return weights_at() + sets * kTile * kWeightStride * 2; }

  __device__ SharedMatrix tile(char* memory) const {
    return {reinterpret_cast<Number*>(memory), stride()};
  }
  __device__ SharedMatrix heads(char* memory, int set) const {
    return {reinterpret_cast<Number*>(memory + heads_at()) + set * kHeads * stride(), stride()};
  }
  __device__ float* scores(char* memory, int table) const {
    return reinterpret_cast<float*>(memory + scores_at()) + table * kTile * kScoreStride;
  }
  __device__ SharedMatrix weights(char* memory, int set) const {
    return {reinterpret_cast<Number*>(memory + weights_at()) + set * kTile * kWeightStride,
            kWeightStride};
  }
};

// Calls use(row, column) for the vectors of eight in [rows, width] that are this thread's.
template <typename Use>
__device__ void for_vectors(int rows, int width, const Use& use) {
  const int per_row = width / static_cast<int>(kVector);
  for (int i = threadIdx.x; i < rows * per_row; i += kThreads) {
    use(i / per_row, i % per_row * static_cast<int>(kVector));
  }
}

// What is past the last token is 0, which no weight of 0 makes anything else.
__device__ void load_tile(const Number* from, int tokens, int width, const SharedMatrix& tile) {
  for_vectors(kTile, width, [&](int row, int column) {
    *reinterpret_cast<uint4*>(tile.at(row, column)) =
        row < tokens ? *reinterpret_cast<const uint4*>(from + row * width + column)
                     : make_uint4(0, 0, 0, 0);
  });
}

__device__ void load_heads(const float* from, int heads, int width, const SharedMatrix& to) {
  for_vectors(kHeads, width, [&](int row, int column) {
    float values[kVector] = {};
    if (row < heads) load_vector(from + row * width + column, values);
    store_vector(to.at(row, column), values);
  });
}

__device__ int warp_index() { return threadIdx.x / kWarp; }
// Where a lane's numbers of 8 x 8 are.
__device__ int lane_row() { return threadIdx.x % kWarp / 4; }
__device__ int lane_column() { return threadIdx.x % 4 * 2; }

// Products of the warp's 16 tokens with all heads over the columns from `begin` to `end`.
__device__ void score_tokens(const SharedMatrix& tile, const SharedMatrix& heads, int begin,
                             int end, float* scores) {
  const int first = warp_index() % 4 * kStep;
  Sums sums[2] = {};
  for (int k = begin; k < end; k += kStep) {
    Left tokens;
    Right directions[2];
    tile.load_left(first, k, tokens);
    heads.load_rights_transposed(0, k, directions);
    add_product(tokens, directions[0], sums[0]);
    add_product(tokens, directions[1], sums[1]);
  }
  for (int block = 0; block < 2; ++block) {
    float* to = scores + (first + lane_row()) * kScoreStride + block * kBlock + lane_column();
    *reinterpret_cast<float2*>(to) = make_float2(sums[block][0], sums[block][1]);
    *reinterpret_cast<float2*>(to + kBlock * kScoreStride) =
        make_float2(sums[block][2], sums[block][3]);
  }
}

// Scores, which are sums of two tables, to weights: exponentials above the largest so far.
__device__ void exponentials(const float* scores, const float* rest, int tokens, Running& running,
                             const SharedMatrix& weights) {
  const int lane = threadIdx.x % kWarp;
  constexpr int kEach = kTile / kWarp;
  for (int head = warp_index(); head < kHeads; head += kWarps) {
    float own[kEach], largest = running.largest[head], sum = 0;
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
      const int at = (lane + n * kWarp) * kScoreStride + head;
      own[n] = lane + n * kWarp < tokens ? scores[at] + rest[at] : -INFINITY;
      largest = fmaxf(largest, own[n]);
    }
    largest = largest_of_lanes(largest);
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
      const float weight = expf(own[n] - largest);
      store(weights.at(lane + n * kWarp, head), weight);
      sum += weight;
    }
    sum = sum_of_lanes(sum);
    if (lane == 0) running.add(head, largest, sum);
  }
}

// A warp's columns: blocks of eight, first and number.
struct Columns {
  int first, blocks;
  __device__ explicit Columns(int width)
      : first(warp_index() * (width / kWarps)), blocks(width / kWarps / kBlock) {}
  __device__ int of(int block) const { return first + block * kBlock; }
};

// Adds, for every head, the tile's rows by their weights.
template <int kBlocks>
__device__ void add_rows(const SharedMatrix& weights, const SharedMatrix& tile,
                         const Columns& columns, Sums (&sums)[kBlocks]) {
#pragma unroll
  for (int token = 0; token < kTile; token += kStep) {
    Left heads;
    weights.load_left_transposed(token, 0, heads);
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
      if (n >= columns.blocks) break;
      Right rows;
      tile.load_right(token, columns.of(n), rows);
      add_product(heads, rows, sums[n]);
    }
  }
}

template <int kBlocks>
__device__ void write_sums(const Sums (&sums)[kBlocks], const Columns& columns, int heads,
                           std::int64_t width, float* to) {
#pragma unroll
  for (int n = 0; n < kBlocks; ++n) {
    if (n >= columns.blocks) break;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int head = lane_row() + half * kBlock;
      if (head >= heads) continue;
      *reinterpret_cast<float2*>(to + head * width + columns.of(n) + lane_column()) =
          make_float2(sums[n][2 * half], sums[n][2 * half + 1]);
    }
  }
}

template <int kBlocks>
__global__ void __launch_bounds__(kThreads)
    tensor_sums_kernel(TokenSums input, TokenSumsResult result) {
  __shared__ Running running;
  char* memory = block_memory();
  const int width = static_cast<int>(input.x.columns);
  const BlockMemory layout = {width, 1};
  const SharedMatrix tile = layout.tile(memory), directions = layout.heads(memory, 0),
                     weights = layout.weights(memory, 0);
  float *scores = layout.scores(memory, 0), *rest = layout.scores(memory, 1);
  const Place<Number> place = place_of<Number>(input, blockIdx.y);
  const Columns columns(width);
  load_heads(directions_of(input, place), place.heads, width, directions);
  if (threadIdx.x < kHeads) {
    running.largest[threadIdx.x] = -INFINITY;
    running.sum[threadIdx.x] = 0;
  }
  Sums sums[kBlocks] = {};
  for (int begin = 0; begin < place.chunk.count; begin += kTile) {
    const int tokens = min(kTile, place.chunk.count - begin);
    load_tile(place.x + static_cast<std::int64_t>(begin) * width, tokens, width, tile);
    __syncthreads();
    const int half = warp_index() / 4 * (width / 2);
    score_tokens(tile, directions, half, half + width / 2, half > 0 ? rest : scores);
    __syncthreads();
    exponentials(scores, rest, tokens, running, weights);
    __syncthreads();
    const float upper = running.factor[lane_row()], lower = running.factor[lane_row() + kBlock];
#pragma unroll
    for (int n = 0; n < kBlocks; ++n) {
      sums[n][0] *= upper, sums[n][1] *= upper;
      sums[n][2] *= lower, sums[n][3] *= lower;
    }
    add_rows(weights, tile, columns, sums);
    __syncthreads();
  }
  const std::int64_t row = blockIdx.x * input.heads + place.first_head;
  write_sums(sums, columns, place.heads, width, result.partial + row * width);
  if (threadIdx.x < place.heads) {
    result.stats[(row + threadIdx.x) * 2] = running.largest[threadIdx.x];
    result.stats[(row + threadIdx.x) * 2 + 1] = running.sum[threadIdx.x];
  }
}

// Products with the directions and with the upstream gradient to the softmax's weights and the
// gradients of its scores.
__device__ void change_scores(const float* scores, const float* products, int tokens,
                              const HeadNumbers& numbers, const SharedMatrix& weights,
                              const SharedMatrix& changes) {
  for (int i = threadIdx.x; i < kTile * kHeads; i += kThreads) {
    const int token = i / kHeads, head = i % kHeads, at = token * kScoreStride + head;
    float weight = 0, change = 0;
    if (token < tokens && head < numbers.heads) {
      weight = expf(scores[at] - numbers.log[head]);
      change = weight * (products[at] - numbers.mean[head]);
    }
    store(weights.at(token, head), weight);
    store(changes.at(token, head), change);
  }
}

// Overwrites the warp's columns of the tile by the gradient of x.
__device__ void write_gradient(const SharedMatrix& weights, const SharedMatrix& upstream,
                               const SharedMatrix& changes, const SharedMatrix& directions,
                               const Columns& columns, const SharedMatrix& tile) {
#pragma unroll
  for (int token = 0; token < kTile; token += kStep) {
    Left by_weight, by_change;
    weights.load_left(token, 0, by_weight);
    changes.load_left(token, 0, by_change);
    for (int n = 0; n < columns.blocks; ++n) {
      Sums sums = {};
      Right right;
      upstream.load_right(0, columns.of(n), right);
      add_product(by_weight, right, sums);
      directions.load_right(0, columns.of(n), right);
      add_product(by_change, right, sums);
      Number* to = tile.at(token + lane_row(), columns.of(n) + lane_column());
      *reinterpret_cast<__nv_bfloat162*>(to) = __floats2bfloat162_rn(sums[0], sums[1]);
      *reinterpret_cast<__nv_bfloat162*>(to + kBlock * tile.stride) =
          __floats2bfloat162_rn(sums[2], sums[3]);
    }
  }
}

// The tile, and what others found for the same tokens, to the gradient.
__device__ void store_tile(const SharedMatrix& tile, int tokens, int width, const Number* others,
                           Number* gradient) {
  for_vectors(tokens, width, [&](int row, int column) {
    float own[kVector], more[kVector] = {};
    load_vector(tile.at(row, column), own);
    if (others) load_vector(others + row * width + column, more);
#pragma unroll
    for (int i = 0; i < kVector; ++i) own[i] += more[i];
    store_vector(gradient + row * width + column, own);
  });
}

template <int kBlocks>
__global__ void __launch_bounds__(kThreads)
    tensor_sums_backward_kernel(TokenSums input, TokenSumsBackward backward, int group) {
  __shared__ HeadNumbers numbers;
  char* memory = block_memory();
  const int width = static_cast<int>(input.x.columns);
  const BlockMemory layout = {width, 2};
  const SharedMatrix tile = layout.tile(memory);
  const SharedMatrix directions = layout.heads(memory, 0), upstream = layout.heads(memory, 1);
  const SharedMatrix weights = layout.weights(memory, 0), changes = layout.weights(memory, 1);
  float *scores = layout.scores(memory, 0), *products = layout.scores(memory, 1);
  const Place<Number> place = place_of<Number>(input, group);
  const Columns columns(width);
  load_heads(directions_of(input, place), place.heads, width, directions);
  load_heads(heads_of(input, backward.upstream, place.chunk.document, place.first_head),
             place.heads, width, upstream);
  load_numbers(input, backward, place.chunk.document, place.first_head, place.heads, numbers);
  Sums sums[kBlocks] = {};
  for (int begin = 0; begin < place.chunk.count; begin += kTile) {
    const int tokens = min(kTile, place.chunk.count - begin);
    load_tile(place.x + static_cast<std::int64_t>(begin) * width, tokens, width, tile);
    __syncthreads();
    const bool is_first = warp_index() < kWarps / 2;
    score_tokens(tile, is_first ? directions : upstream, 0, width, is_first ? scores : products);
    __syncthreads();
    change_scores(scores, products, tokens, numbers, weights, changes);
    __syncthreads();
    add_rows(changes, tile, columns, sums);
    __syncthreads();
    write_gradient(weights, upstream, changes, directions, columns, tile);
    __syncthreads();
    const std::int64_t at = (std::int64_t{place.chunk.begin} + begin) * width;
    const auto* others = static_cast<const Number*>(backward.others);
    store_tile(tile, tokens, width, others ? others + at : nullptr,
               static_cast<Number*>(backward.x_gradient) + at);
    __syncthreads();
  }
  const std::int64_t row = blockIdx.x * input.heads + place.first_head;
  write_sums(sums, columns, place.heads, width, backward.partial + row * width);
}

// Calls launch with the most blocks of columns of a warp as a type.
template <typename Launch>
void with_blocks(std::int64_t width, const Launch& launch) {
  const std::int64_t blocks = width / kWarps / kBlock;
  if (blocks <= 2) return launch(std::integral_constant<int, 2>());
  if (blocks <= 4) return launch(std::integral_constant<int, 4>());
  if (blocks <= 8) return launch(std::integral_constant<int, 8>());
  return launch(std::integral_constant<int, 16>());
}

}  // namespace

std::int64_t tensor_sums_memory(std::int64_t width) {
  return BlockMemory{static_cast<int>(width), 2}.bytes();
}

void tensor_sums(const TokenSums& input, const TokenSumsResult& result) {
  const int bytes = BlockMemory{static_cast<int>(input.x.columns), 1}.bytes();
  with_blocks(input.x.columns, [&](auto blocks) {
    launch({"tensor_sums", dim3(input.chunks.count, groups_of(input)), bytes},
           tensor_sums_kernel<blocks()>, input, result);
  });
}

void tensor_sums_backward(const TokenSums& input, const TokenSumsBackward& backward, int group) {
  const int bytes = BlockMemory{static_cast<int>(input.x.columns), 2}.bytes();
  with_blocks(input.x.columns, [&](auto blocks) {
    launch({"tensor_sums_backward", input.chunks.count, bytes},
           tensor_sums_backward_kernel<blocks()>, input, backward, group);
  });
}

}  // namespace fastformer::cuda
