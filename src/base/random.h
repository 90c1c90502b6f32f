// Randomness without state: every number is a hash of a seed and a counter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace fastformer {

// Mixes 64 bits (the finalizer of SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Hash of a sequence of numbers; the order matters.
std::uint64_t hash_of(std::initializer_list<std::uint64_t> values);

// Hash of bytes, the same on every machine (FNV-1a, then mixed).
std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = 0);

// A stream of random numbers fully determined by its seed. Not for secrets.
class Random {
 public:
  // Without the first `skipped` numbers.
  explicit Random(std::uint64_t seed, std::uint64_t skipped = 0) : seed_(seed), counter_(skipped) {}

  std::uint64_t next() { return mix_bits(seed_ ^ mix_bits(counter_++)); }
  // Uniform in [0, 1), with 53 random bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // Uniform in [0, bound); `bound` must be positive.
  std::uint64_t below(std::uint64_t bound);
  // Standard normal (Box and Muller's method), from two numbers.
  double normal();

 private:
  std::uint64_t seed_;
  std::uint64_t counter_;
};

// Fisher and Yates' shuffle, driven by `random`.
template <typename T>
void shuffle(std::span<T> values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random.below(i)]);
  }
}

}  // namespace fastformer
