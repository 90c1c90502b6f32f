// A block for 64 columns of a document's row; four groups of threads share the chunks.
#include "cuda/chunk_sums.h"

#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

constexpr int kColumns = 64, kGroups = kThreads / kColumns;

struct Softmax {
  float largest, sum;
};

__device__ Softmax whole_softmax(const ChunkSums& s, int first, int last, int head) {
  const auto part = [&](int chunk) { return s.softmax.stats + (chunk * s.heads + head) * 2; };
  Softmax whole = {-INFINITY, 0};
  for (int chunk = first; chunk < last; ++chunk) whole.largest = fmaxf(whole.largest, *part(chunk));
  for (int chunk = first; chunk < last; ++chunk) {
    whole.sum += part(chunk)[1] * expf(part(chunk)[0] - whole.largest);
  }
  if (s.softmax.epsilon > 0) {
    whole.sum += fminf(expf(logf(s.softmax.epsilon) - whole.largest), 3.4e38f);
  }
  return whole;
}

template <typename T>
__global__ void sum_chunks_kernel(Chunks chunks, ChunkSums s) {
  __shared__ float found[kGroups][kColumns];
  const int document = blockIdx.x, row = blockIdx.y;
  const int column = blockIdx.z * kColumns + threadIdx.x;
  const int first = chunks.first[document], last = chunks.first[document + 1];
  const bool is_inside = column < s.width;
  const int head = s.rows > 1 ? row : is_inside ? column / (s.width / s.heads) : 0;
  Softmax whole = {0, 1};
  if (s.softmax.stats && last > first) whole = whole_softmax(s, first, last, head);
  float sum = 0;
  for (int chunk = first + threadIdx.y; is_inside && chunk < last; chunk += kGroups) {
    const float share =
        s.softmax.stats ? expf(s.softmax.stats[(chunk * s.heads + head) * 2] - whole.largest) : 1;
    sum += share * s.partial[(chunk * s.rows + row) * s.width + column];
  }
  found[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || !is_inside) return;
  for (int group = 1; group < kGroups; ++group) sum += found[group][threadIdx.x];
  store(static_cast<T*>(s.sums.data) + (document * s.rows + row) * s.width + column,
        sum / whole.sum);
  const bool is_first = s.rows > 1 ? column == 0 : column % (s.width / s.heads) == 0;
  if (s.logs && is_first) {
    s.logs[document * s.heads + head] = last > first ? whole.largest + logf(whole.sum) : 0;
  }
}

}  // namespace

void sum_chunks(const Chunks& chunks, const ChunkSums& sums) {
  if (chunks.documents == 0) return;
  const dim3 grid(chunks.documents, static_cast<unsigned>(sums.rows),
                  static_cast<unsigned>((sums.width + kColumns - 1) / kColumns));
  with_type(sums.sums.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"sum_chunks", grid, 0, dim3(kColumns, kGroups)}, sum_chunks_kernel<T>, chunks, sums);
  });
}

}  // namespace fastformer::cuda
