// Counter-based dropout: four 16-bit random numbers from each hash, a block of hashes at a time.
#include "kernels/dropout.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.h"
#include "kernels/clones.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kPerHash = 4;
constexpr std::int64_t kHashes = 64;  // of a block
constexpr std::int64_t kBlock = kHashes * kPerHash;
constexpr std::int64_t kElementsAtOnce = 4 * kBlock;
constexpr std::int64_t kTokensPerRange = 64;

// An element is kept when its 16 random bits are not below the threshold.
std::uint32_t threshold_of(double rate) {
  return static_cast<std::uint32_t>(std::lround(rate * 65536.0));
}

// The hashes first, first + 1, ...
FASTFORMER_CLONES void hash_block(std::uint64_t key, std::uint64_t first, std::uint64_t* hashes) {
  for (std::int64_t n = 0; n < kHashes; ++n) {
    hashes[n] = mix_bits(key + first + static_cast<std::uint64_t>(n));
  }
}

template <typename T>
[[gnu::always_inline]] inline void choose(const std::uint16_t* numbers, std::int64_t count,
                                          std::uint32_t threshold, T scale, T* values) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = numbers[i] >= threshold ? scale : T(0);
}

FASTFORMER_CLONES void values_of(const std::uint16_t* numbers, std::int64_t count,
                                 std::uint32_t threshold, float scale, float* values) {
  choose(numbers, count, threshold, scale, values);
}

FASTFORMER_CLONES void values_of(const std::uint16_t* numbers, std::int64_t count,
                                 std::uint32_t threshold, double scale, double* values) {
  choose(numbers, count, threshold, scale, values);
}

template <typename T>
[[gnu::always_inline]] inline void multiply_elements(const T* input, const T* mask,
                                                     std::int64_t count, T* output) {
  for (std::int64_t j = 0; j < count; ++j) output[j] = input[j] * mask[j];
}

FASTFORMER_CLONES void multiply(const float* input, const float* mask, std::int64_t count,
                                float* output) {
  multiply_elements(input, mask, count, output);
}

FASTFORMER_CLONES void multiply(const double* input, const double* mask, std::int64_t count,
                                double* output) {
  multiply_elements(input, mask, count, output);
}

}  // namespace

template <typename T>
DropoutFactors<T>::DropoutFactors(const DropoutRule& rule, std::int64_t width)
    : rule_(rule), width_(width), is_shared_(!(rule.rate > 0) || !rule.offsets.empty()) {
  if (rule.rate > 0) return;
  values_.assign(static_cast<std::size_t>(width), T(1));
  end_ = std::numeric_limits<std::int64_t>::max();
}

template <typename T>
const T* DropoutFactors<T>::row(std::int64_t token) {
  if (token >= end_) is_shared_ ? enter_document_of(token) : enter_tokens_from(token);
  return values_.data() + (is_shared_ ? 0 : (token - begin_) * width_);
}

template <typename T>
void DropoutFactors<T>::enter_tokens_from(std::int64_t token) {
  begin_ = token;
  end_ = token + std::max<std::int64_t>(1, kElementsAtOnce / std::max<std::int64_t>(1, width_));
  draw(begin_ * width_, (end_ - begin_) * width_);
}

template <typename T>
void DropoutFactors<T>::enter_document_of(std::int64_t token) {
  const auto first = rule_.offsets.begin();
  const auto after = std::upper_bound(first, rule_.offsets.end(), token);
  end_ = *after;
  // A document's mask begins with a hash of its own.
  const std::int64_t hashes = (width_ + kPerHash - 1) / kPerHash;
  draw((after - first - 1) * hashes * kPerHash, width_);
}

template <typename T>
void DropoutFactors<T>::draw(std::int64_t first, std::int64_t count) {
  const std::uint32_t threshold = threshold_of(rule_.rate);
  const T scale = threshold < 65536 ? T(65536.0 / (65536.0 - threshold)) : T(0);
  const std::uint64_t key = mix_bits(rule_.seed);
  values_.resize(static_cast<std::size_t>(count));
  std::uint64_t hashes[kHashes];
  std::uint16_t numbers[kBlock];
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t skipped = (first + done) % kPerHash;
    const std::int64_t taken = std::min(kBlock - skipped, count - done);
    hash_block(key, static_cast<std::uint64_t>((first + done) / kPerHash), hashes);
    std::memcpy(numbers, hashes, sizeof(numbers));
    values_of(numbers + skipped, taken, threshold, scale, values_.data() + done);
    done += taken;
  }
}

template <typename T>
void dropout(const DropoutRule& rule, MatrixView<const T> input, MatrixView<T> output,
             const ParallelFor& parallel_for) {
  parallel_for(input.rows, kTokensPerRange, [&](std::int64_t begin, std::int64_t end) {
    DropoutFactors<T> mask(rule, input.columns);
    for (std::int64_t i = begin; i < end; ++i) {
      multiply(input.row(i), mask.row(i), input.columns, output.row(i));
    }
  });
}

template class DropoutFactors<float>;
template class DropoutFactors<double>;
template void dropout<float>(const DropoutRule&, MatrixView<const float>, MatrixView<float>,
                             const ParallelFor&);
template void dropout<double>(const DropoutRule&, MatrixView<const double>, MatrixView<double>,
                              const ParallelFor&);

}  // namespace fastformer::kernels
