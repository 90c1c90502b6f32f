// Counter-based dropout: four 16-bit random numbers from each hash.
#include "kernels/dropout.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kPerHash = 4;
constexpr std::int64_t kHashesPerRange = 1 << 12;
constexpr std::int64_t kDocumentsPerRange = 8;

// An element is kept when its 16 random bits are not below the threshold.
std::uint32_t threshold_of(double rate) {
  return static_cast<std::uint32_t>(std::lround(rate * 65536.0));
}

template <typename T>
T scale_of(std::uint32_t threshold) {
  return threshold < 65536 ? T(65536.0 / (65536.0 - threshold)) : T(0);
}

}  // namespace

template <typename T>
void dropout(std::span<const T> input, double rate, std::uint64_t seed, std::span<T> output,
             const ParallelFor& parallel_for) {
  const std::uint32_t threshold = threshold_of(rate);
  const T scale = scale_of<T>(threshold);
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

template <typename T>
void dropout_by_document(std::span<const std::int64_t> offsets, MatrixView<const T> input,
                         double rate, std::uint64_t seed, MatrixView<T> output,
                         const ParallelFor& parallel_for) {
  const std::uint32_t threshold = threshold_of(rate);
  const T scale = scale_of<T>(threshold);
  const std::uint64_t key = mix_bits(seed);
  const std::int64_t hashes = (input.columns + kPerHash - 1) / kPerHash;  // of a document
  const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
  parallel_for(documents, kDocumentsPerRange, [&](std::int64_t first, std::int64_t last) {
    std::vector<T> mask(static_cast<std::size_t>(input.columns));
    for (std::int64_t b = first; b < last; ++b) {
      std::uint64_t bits = 0;
      for (std::int64_t j = 0; j < input.columns; ++j, bits >>= 16) {
        if (j % kPerHash == 0) {
          bits = mix_bits(key + static_cast<std::uint64_t>(b * hashes + j / kPerHash));
        }
        mask[static_cast<std::size_t>(j)] = (bits & 0xffff) >= threshold ? scale : T(0);
      }
      for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) {
        const T* from = input.row(i);
        T* to = output.row(i);
        for (std::int64_t j = 0; j < input.columns; ++j) to[j] = from[j] * mask[j];
      }
    }
  });
}

template void dropout<float>(std::span<const float>, double, std::uint64_t, std::span<float>,
                             const ParallelFor&);
template void dropout<double>(std::span<const double>, double, std::uint64_t, std::span<double>,
                              const ParallelFor&);
template void dropout_by_document<float>(std::span<const std::int64_t>, MatrixView<const float>,
                                         double, std::uint64_t, MatrixView<float>,
                                         const ParallelFor&);
template void dropout_by_document<double>(std::span<const std::int64_t>, MatrixView<const double>,
                                          double, std::uint64_t, MatrixView<double>,
                                          const ParallelFor&);

}  // namespace fastformer::kernels
