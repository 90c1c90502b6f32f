// A thread for a column of a chunk, then for a column of a document's chunks.
#include "cuda/document_max.h"

#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

struct Largest {
  float value = 0;
  std::int32_t token = -1;

  __device__ void meet(float other, std::int32_t place) {
    if (token >= 0 && other <= value) return;
    if (token >= 0 && value != value) return;  // NaN wins, and stays
    value = other;
    token = place;
  }
};

template <typename T>
__global__ void __launch_bounds__(kThreads) chunk_max_kernel(DocumentMax input) {
  const Chunk chunk = input.chunks.table[blockIdx.x];
  const std::int64_t width = input.rows.columns;
  const T* rows = static_cast<const T*>(input.rows.data) + chunk.begin * width;
  for (std::int64_t column = threadIdx.x; column < width; column += kThreads) {
    Largest largest;
#pragma unroll 8
    for (int t = 0; t < chunk.count; ++t) {
      largest.meet(to_float(rows[t * width + column]), chunk.begin + t);
    }
    input.chunk_maxima[blockIdx.x * width + column] = largest.value;
    input.chunk_tokens[blockIdx.x * width + column] = largest.token;
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads) document_max_kernel(DocumentMax input) {
  const std::int64_t width = input.rows.columns;
  const int document = blockIdx.x;
  for (std::int64_t column = threadIdx.x; column < width; column += kThreads) {
    Largest largest;
    for (int chunk = input.chunks.first[document]; chunk < input.chunks.first[document + 1];
         ++chunk) {
      const std::int64_t at = chunk * width + column;
      largest.meet(input.chunk_maxima[at], input.chunk_tokens[at]);
    }
    const std::int64_t at = document * width + column;
    store(static_cast<T*>(input.maxima) + at, largest.value);
    input.tokens[at] = largest.token;
  }
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    document_max_backward_kernel(const std::int32_t* tokens, Matrix gradient, T* rows_gradient) {
  const std::int64_t i = blockIdx.x * std::int64_t{kThreads} + threadIdx.x;
  if (i >= gradient.rows * gradient.columns || tokens[i] < 0) return;
  rows_gradient[tokens[i] * gradient.columns + i % gradient.columns] =
      static_cast<const T*>(gradient.data)[i];
}

}  // namespace

void document_max(const DocumentMax& input) {
  with_type(input.rows.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (input.chunks.count > 0) {
      launch({"chunk_max", input.chunks.count}, chunk_max_kernel<T>, input);
    }
    if (input.chunks.documents > 0) {
      launch({"document_max", input.chunks.documents}, document_max_kernel<T>, input);
    }
  });
}

void document_max_backward(const std::int32_t* tokens, const Matrix& maxima_gradient,
                           void* rows_gradient) {
  const std::int64_t threads = maxima_gradient.rows * maxima_gradient.columns;
  if (threads == 0) return;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  with_type(maxima_gradient.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"document_max_backward", blocks}, document_max_backward_kernel<T>, tokens,
           maxima_gradient, static_cast<T*>(rows_gradient));
  });
}

}  // namespace fastformer::cuda
