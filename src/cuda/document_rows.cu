// A thread for eight elements, or, of sums, for every kThreads-th column of a chunk.
#include "cuda/document_rows.h"

#include "cuda/chunk_sums.h"
#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

template <typename T>
__global__ void meet_rows_kernel(Meeting meeting, Matrix rows, const T* vectors,
                                 const std::int64_t* document_of, T* output) {
  const std::int64_t first = (blockIdx.x * std::int64_t{kThreads} + threadIdx.x) * kVector;
  if (first >= rows.rows * rows.columns) return;
  const std::int64_t document = document_of[first / rows.columns];
  float values[kVector], vector[kVector];
  load_vector(static_cast<const T*>(rows.data) + first, values);
  load_vector(vectors + document * rows.columns + first % rows.columns, vector);
#pragma unroll
  for (int i = 0; i < kVector; ++i) {
    values[i] = meeting == Meeting::kAdd ? values[i] + vector[i] : values[i] * vector[i];
  }
  store_vector(output + first, values);
}

template <typename T>
__global__ void __launch_bounds__(kThreads) document_sums_kernel(DocumentSums input) {
  const Chunk chunk = input.chunks.table[blockIdx.x];
  const std::int64_t width = input.rows.columns, begin = chunk.begin * width;
  const T* rows = static_cast<const T*>(input.rows.data) + begin;
  const T* factors = static_cast<const T*>(input.factors) + begin;
  for (std::int64_t column = threadIdx.x; column < width; column += kThreads) {
    float sum = 0;
#pragma unroll 8
    for (int t = 0; t < chunk.count; ++t) {
      const std::int64_t at = t * width + column;
      sum = fmaf(to_float(rows[at]), input.factors ? to_float(factors[at]) : 1, sum);
    }
    input.partial[blockIdx.x * width + column] = sum;
  }
}

}  // namespace

void meet_rows(Meeting meeting, const Matrix& rows, const void* vectors,
               const std::int64_t* document_of, void* output) {
  const std::int64_t threads = rows.rows * rows.columns / kVector;
  if (threads == 0) return;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  with_type(rows.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"meet_rows", blocks}, meet_rows_kernel<T>, meeting, rows,
           static_cast<const T*>(vectors), document_of, static_cast<T*>(output));
  });
}

void document_sums(const DocumentSums& input) {
  if (input.chunks.count > 0) {
    with_type(input.rows.type, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      launch({"document_sums", input.chunks.count}, document_sums_kernel<T>, input);
    });
  }
  ChunkSums sums;
  sums.partial = input.partial;
  sums.width = input.rows.columns;
  sums.sums = input.sums;
  sum_chunks(input.chunks, sums);
}

}  // namespace fastformer::cuda
