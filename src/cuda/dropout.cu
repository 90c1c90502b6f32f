// A thread for eight elements.
#include "cuda/dropout.cuh"

#include <cmath>

#include "cuda/device_code.cuh"

namespace fastformer::cuda {
namespace {

template <typename T>
__global__ void dropout_kernel(DropoutMask mask, Matrix input, T* output) {
  const std::int64_t first = (blockIdx.x * std::int64_t{kThreads} + threadIdx.x) * kVector;
  if (first >= input.rows * input.columns) return;
  float values[kVector], factors[kVector];
  load_vector(static_cast<const T*>(input.data) + first, values);
  dropout_factors(mask, first / input.columns, first % input.columns, input.columns, factors);
#pragma unroll
  for (int i = 0; i < kVector; ++i) values[i] *= factors[i];
  store_vector(output + first, values);
}

}  // namespace

DropoutMask dropout_mask(double rate, std::uint64_t seed, const std::int64_t* document_of) {
  constexpr double kNumbers = 65536;
  DropoutMask mask;
  mask.threshold = static_cast<std::uint32_t>(std::lround(rate * kNumbers));
  mask.scale =
      mask.threshold < kNumbers ? static_cast<float>(kNumbers / (kNumbers - mask.threshold)) : 0.0f;
  mask.key = mix_bits(seed);
  mask.document_of = document_of;
  return mask;
}

void dropout(const DropoutMask& mask, const Matrix& input, void* output) {
  const std::int64_t threads = input.rows * input.columns / kVector;
  if (threads == 0) return;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  with_type(input.type, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch({"dropout", blocks}, dropout_kernel<T>, mask, input, static_cast<T*>(output));
  });
}

}  // namespace fastformer::cuda
