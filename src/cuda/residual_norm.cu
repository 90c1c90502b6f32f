// A warp for a token; a lane has every 32nd vector of eight columns.
#include "cuda/residual_norm.h"

#include <algorithm>

#include "cuda/device_code.cuh"
#include "cuda/dropout.cuh"

namespace fastformer::cuda {
namespace {

// A lane's columns of a token: kVectors times eight.
template <int kVectors>
using Lane = float[kVectors][kVector];

// Calls use(n, column) for the lane's vectors that are in the row.
template <int kVectors, typename Use>
__device__ void for_vectors(std::int64_t width, const Use& use) {
#pragma unroll
  for (int n = 0; n < kVectors; ++n) {
    const std::int64_t column = (n * kWarp + threadIdx.x % kWarp) * kVector;
    if (column < width) use(n, column);
  }
}

__device__ void add_bias(const ChangeBias& bias, std::int64_t token, std::int64_t column,
                         std::int64_t width, float (&values)[kVector]) {
  const std::int64_t row = bias.document_of ? bias.document_of[token] : 0;
  float own[kVector];
  load_vector(bias.rows + row * width + column, own);
#pragma unroll
  for (int i = 0; i < kVector; ++i) values[i] += own[i];
}

template <typename T, int kVectors>
__global__ void __launch_bounds__(kThreads)
    residual_norm_kernel(ResidualNorm norm, ResidualNormPass pass) {
  const std::int64_t width = pass.hidden.columns;
  const std::int64_t token = blockIdx.x * std::int64_t{kWarps} + threadIdx.x / kWarp;
  if (token >= pass.hidden.rows) return;
  const T* hidden = static_cast<const T*>(pass.hidden.data) + token * width;
  const T* change = static_cast<const T*>(pass.change) + token * width;
  Lane<kVectors> sum;
  float total = 0;
  for_vectors<kVectors>(width, [&](int n, std::int64_t column) {
    load_vector(hidden + column, sum[n]);
    if (pass.change) {
      float own[kVector], factors[kVector];
      load_vector(change + column, own);
      if (norm.change_bias.rows) add_bias(norm.change_bias, token, column, width, own);
      if (norm.dropout.threshold > 0) {
        dropout_factors(norm.dropout, token, column, width, factors);
        for (int i = 0; i < kVector; ++i) own[i] *= factors[i];
      }
      for (int i = 0; i < kVector; ++i) sum[n][i] += own[i];
      store_vector(static_cast<T*>(pass.sum) + token * width + column, sum[n]);
    }
    for (int i = 0; i < kVector; ++i) total += sum[n][i];
  });
  const float mean = sum_of_lanes(total) / static_cast<float>(width);
  float squares = 0;
  for_vectors<kVectors>(width, [&](int n, std::int64_t) {
    for (int i = 0; i < kVector; ++i) squares += (sum[n][i] - mean) * (sum[n][i] - mean);
  });
  const float variance = sum_of_lanes(squares) / static_cast<float>(width);
  const float scale = 1 / sqrtf(variance + norm.epsilon);
  if (threadIdx.x % kWarp == 0) {
    pass.moments[2 * token] = mean;
    pass.moments[2 * token + 1] = scale;
  }
  for_vectors<kVectors>(width, [&](int n, std::int64_t column) {
    float weight[kVector], bias[kVector];
    load_vector(norm.weight + column, weight);
    load_vector(norm.bias + column, bias);
    for (int i = 0; i < kVector; ++i) {
      sum[n][i] = (sum[n][i] - mean) * scale * weight[i] + bias[i];
    }
    store_vector(static_cast<T*>(pass.output) + token * width + column, sum[n]);
  });
}

// The tokens of a warp: begin, begin + step and so on before end.
struct WarpTokens {
  std::int64_t begin, end, step;

  __device__ explicit WarpTokens(const ResidualNormBackward& pass) {
    const int warp = threadIdx.x / kWarp;
    if (pass.chunks.count > 0) {
      const Chunk chunk = pass.chunks.table[blockIdx.x];
      begin = chunk.begin + warp;
      end = std::int64_t{chunk.begin} + chunk.count;
      step = kWarps;
    } else {
      begin = blockIdx.x * std::int64_t{kWarps} + warp;
      end = pass.upstream.rows;
      step = gridDim.x * std::int64_t{kWarps};
    }
  }
};

// With x the normalised vector and g = upstream * weight: the gradient of the sum is
// (g - mean(g) - x mean(g x)) / deviation.
template <typename T, int kVectors, int kSums>
__global__ void __launch_bounds__(kThreads)
    residual_norm_backward_kernel(ResidualNorm norm, ResidualNormBackward pass) {
  const std::int64_t width = pass.upstream.columns;
  const int warp = threadIdx.x / kWarp;
  Lane<kVectors> found[kSums] = {}, weight;  // sums of the gradients of weight, bias and change
  const WarpTokens tokens(pass);
  for_vectors<kVectors>(
      width, [&](int n, std::int64_t column) { load_vector(norm.weight + column, weight[n]); });
  for (std::int64_t token = tokens.begin; token < tokens.end; token += tokens.step) {
    const float mean = pass.moments[2 * token], scale = pass.moments[2 * token + 1];
    Lane<kVectors> x, g;
    float sum_g = 0, sum_gx = 0;
    for_vectors<kVectors>(width, [&](int n, std::int64_t column) {
      const std::int64_t at = token * width + column;
      load_vector(static_cast<const T*>(pass.sum) + at, x[n]);
      load_vector(static_cast<const T*>(pass.upstream.data) + at, g[n]);
      for (int i = 0; i < kVector; ++i) {
        x[n][i] = (x[n][i] - mean) * scale;
        found[0][n][i] += g[n][i] * x[n][i];
        found[1][n][i] += g[n][i];
        g[n][i] *= weight[n][i];
        sum_g += g[n][i];
        sum_gx += g[n][i] * x[n][i];
      }
    });
    const float mean_g = sum_of_lanes(sum_g) / static_cast<float>(width);
    const float mean_gx = sum_of_lanes(sum_gx) / static_cast<float>(width);
    for_vectors<kVectors>(width, [&](int n, std::int64_t column) {
      const std::int64_t at = token * width + column;
      for (int i = 0; i < kVector; ++i) g[n][i] = (g[n][i] - mean_g - x[n][i] * mean_gx) * scale;
      store_vector(static_cast<T*>(pass.hidden) + at, g[n]);
      if (norm.dropout.threshold > 0) {
        float factors[kVector];
        dropout_factors(norm.dropout, token, column, width, factors);
        for (int i = 0; i < kVector; ++i) g[n][i] *= factors[i];
        store_vector(static_cast<T*>(pass.change) + at, g[n]);
      }
      if constexpr (kSums > 2) {
        for (int i = 0; i < kVector; ++i) found[2][n][i] += g[n][i];
      }
    });
  }
  // The warps' sums of each column, one warp after another.
  float* sums = reinterpret_cast<float*>(block_memory());  // [kSums, width]
  for (int turn = 0; turn < kWarps; ++turn) {
    __syncthreads();
    if (turn != warp) continue;
    for_vectors<kVectors>(width, [&](int n, std::int64_t column) {
#pragma unroll
      for (int s = 0; s < kSums; ++s) {
        for (int i = 0; i < kVector; ++i) {
          float& sum = sums[s * width + column + i];
          sum = (turn > 0 ? sum : 0) + found[s][n][i];
        }
      }
    });
  }
  __syncthreads();
  for (std::int64_t i = threadIdx.x; i < kSums * width; i += kThreads) {
    pass.partial[blockIdx.x * kSums * width + i] = sums[i];
  }
}

// Calls launch with the vectors of a lane as a type.
template <typename Launch>
void with_vectors(std::int64_t width, const Launch& launch) {
  constexpr std::int64_t kColumns = kWarp * kVector;
  if (width <= kColumns) return launch(std::integral_constant<int, 1>());
  if (width <= 2 * kColumns) return launch(std::integral_constant<int, 2>());
  return launch(std::integral_constant<int, 4>());
}

unsigned blocks_for(std::int64_t tokens) {
  return static_cast<unsigned>((tokens + kWarps - 1) / kWarps);
}

}  // namespace

void residual_norm(const ResidualNorm& norm, const ResidualNormPass& pass) {
  if (pass.hidden.rows == 0) return;
  with_type(pass.hidden.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    with_vectors(pass.hidden.columns, [&](auto vectors) {
      launch({"residual_norm", blocks_for(pass.hidden.rows)}, residual_norm_kernel<T, vectors()>,
             norm, pass);
    });
  });
}

std::int64_t norm_blocks(std::int64_t tokens) {
  constexpr std::int64_t kMost = 512;  // a few for each multiprocessor
  return std::min<std::int64_t>(kMost, blocks_for(tokens));
}

void residual_norm_backward(const ResidualNorm& norm, const ResidualNormBackward& pass) {
  if (pass.upstream.rows == 0) return;
  const bool by_chunk = pass.chunks.count > 0;
  const auto blocks =
      static_cast<unsigned>(by_chunk ? pass.chunks.count : norm_blocks(pass.upstream.rows));
  const auto bytes = static_cast<std::int64_t>(pass.sums * pass.upstream.columns * sizeof(float));
  with_type(pass.upstream.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    with_vectors(pass.upstream.columns, [&](auto vectors) {
      const auto kernel = pass.sums > 2 ? residual_norm_backward_kernel<T, vectors(), 3>
                                        : residual_norm_backward_kernel<T, vectors(), 2>;
      launch({"residual_norm_backward", blocks, bytes}, kernel, norm, pass);
    });
  });
}

}  // namespace fastformer::cuda
