// Counter-based dropout: four 16-bit random numbers from each hash.
#include "kernels/dropout.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kPerHash = 4;
constexpr std::int64_t kHashesPerRange = 1 << 12;

}  // namespace

template <typename T>
void dropout(std::span<const T> input, double rate, std::uint64_t seed, std::span<T> output,
             const ParallelFor& parallel_for) {
  const auto threshold = static_cast<std::uint32_t>(std::lround(rate * 65536.0));
  const T scale = threshold < 65536 ? T(65536.0 / (65536.0 - threshold)) : T(0);
  const auto count = static_cast<std::int64_t>(input.size());
  const std::uint64_t key = mix_bits(seed);
  const std::int64_t hashes = (count + kPerHash - 1) / kPerHash;
  parallel_for(hashes, kHashesPerRange, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      std::uint64_t bits = mix_bits(key + static_cast<std::uint64_t>(n));
      const std::int64_t last = std::min(count, (n + 1) * kPerHash);
      for (std::int64_t i = n * kPerHash; i < last; ++i, bits >>= 16) {
        output[i] = (bits & 0xffff) >= threshold ? input[i] * scale : T(0);
      }
    }
  });
}

template void dropout<float>(std::span<const float>, double, std::uint64_t, std::span<float>,
                             const ParallelFor&);
template void dropout<double>(std::span<const double>, double, std::uint64_t, std::span<double>,
                              const ParallelFor&);

}  // namespace fastformer::kernels
