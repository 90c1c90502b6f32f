// Counter-based dropout: four 16-bit random numbers from each hash, a block of hashes at a time.
#include "kernels/dropout.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "kernels/clones.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kPerHash = 4;
constexpr std::int64_t kHashes = 64;  // of a block
constexpr std::int64_t kBlock = kHashes * kPerHash;
constexpr std::int64_t kBlocksPerRange = 64;
constexpr std::int64_t kDocumentsPerRange = 8;

// An element is kept when its 16 random bits are not below the threshold.
std::uint32_t threshold_of(double rate) {
  return static_cast<std::uint32_t>(std::lround(rate * 65536.0));
}

template <typename T>
T scale_of(std::uint32_t threshold) {
  return threshold < 65536 ? T(65536.0 / (65536.0 - threshold)) : T(0);
}

// The random numbers of hashes first, first + 1, ...: those of one hash from its lowest bits up.
FASTFORMER_CLONES void draw_block(std::uint64_t key, std::uint64_t first, std::uint32_t* numbers) {
  std::uint64_t hashes[kHashes];
  for (std::int64_t n = 0; n < kHashes; ++n) {
    hashes[n] = mix_bits(key + first + static_cast<std::uint64_t>(n));
  }
  for (std::int64_t n = 0; n < kHashes; ++n) {
    for (std::int64_t k = 0; k < kPerHash; ++k) {
      numbers[n * kPerHash + k] = static_cast<std::uint32_t>(hashes[n] >> (16 * k)) & 0xffff;
    }
  }
}

template <typename T>
struct Masking {
  const T* input;
  T* output;
  std::int64_t count;  // at most kBlock
  std::uint32_t threshold;
  T scale;
};

template <typename T>
[[gnu::always_inline]] inline void mask_elements(const std::uint32_t* numbers,
                                                 const Masking<T>& m) {
  // Copies, since for all that compilers know a store to the output could change `m`.
  const T* input = m.input;
  T* output = m.output;
  const std::uint32_t threshold = m.threshold;
  const T scale = m.scale;
  for (std::int64_t i = 0, count = m.count; i < count; ++i) {
    output[i] = input[i] * (numbers[i] >= threshold ? scale : T(0));
  }
}

FASTFORMER_CLONES void mask_block(const std::uint32_t* numbers, const Masking<float>& m) {
  mask_elements(numbers, m);
}

FASTFORMER_CLONES void mask_block(const std::uint32_t* numbers, const Masking<double>& m) {
  mask_elements(numbers, m);
}

template <typename T>
[[gnu::always_inline]] inline void multiply_rows(MatrixView<const T> input, const T* mask,
                                                 MatrixView<T> output) {
  for (std::int64_t i = 0; i < input.rows; ++i) {
    const T* from = input.row(i);
    T* to = output.row(i);
    for (std::int64_t j = 0; j < input.columns; ++j) to[j] = from[j] * mask[j];
  }
}

FASTFORMER_CLONES void mask_rows(MatrixView<const float> input, const float* mask,
                                 MatrixView<float> output) {
  multiply_rows(input, mask, output);
}

FASTFORMER_CLONES void mask_rows(MatrixView<const double> input, const double* mask,
                                 MatrixView<double> output) {
  multiply_rows(input, mask, output);
}

}  // namespace

template <typename T>
void dropout(std::span<const T> input, double rate, std::uint64_t seed, std::span<T> output,
             const ParallelFor& parallel_for) {
  const std::uint32_t threshold = threshold_of(rate);
  const T scale = scale_of<T>(threshold);
  const auto count = static_cast<std::int64_t>(input.size());
  const std::uint64_t key = mix_bits(seed);
  const std::int64_t blocks = (count + kBlock - 1) / kBlock;
  parallel_for(blocks, kBlocksPerRange, [&](std::int64_t begin, std::int64_t end) {
    std::uint32_t numbers[kBlock];
    for (std::int64_t n = begin; n < end; ++n) {
      draw_block(key, static_cast<std::uint64_t>(n * kHashes), numbers);
      const std::int64_t first = n * kBlock;
      mask_block(numbers, Masking<T>{input.data() + first, output.data() + first,
                                     std::min(kBlock, count - first), threshold, scale});
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
    std::uint32_t numbers[kBlock];
    std::vector<T> mask(static_cast<std::size_t>(input.columns));
    for (std::int64_t b = first; b < last; ++b) {
      for (std::int64_t j = 0; j < input.columns; ++j) {
        if (j % kBlock == 0) {
          draw_block(key, static_cast<std::uint64_t>(b * hashes + j / kPerHash), numbers);
        }
        mask[static_cast<std::size_t>(j)] = numbers[j % kBlock] >= threshold ? scale : T(0);
      }
      mask_rows(input.rows_between(offsets[b], offsets[b + 1]), mask.data(),
                output.rows_between(offsets[b], offsets[b + 1]));
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
