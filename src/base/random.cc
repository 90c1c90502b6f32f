// Hashes and random numbers.
#include "base/random.h"

#include <cmath>
#include <numbers>

namespace fastformer {

std::uint64_t hash_of(std::initializer_list<std::uint64_t> values) {
  std::uint64_t hash = 0x8a5cd789635d2dffULL;
  for (std::uint64_t value : values) hash = mix_bits(hash ^ mix_bits(value));
  return hash;
}

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ mix_bits(seed);
  for (char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
  return mix_bits(hash);
}

std::uint64_t Random::below(std::uint64_t bound) {
  // The high half of a 128-bit product; numbers that would make it uneven are drawn again.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const auto product = static_cast<unsigned __int128>(next()) * bound;
    if (static_cast<std::uint64_t>(product) >= threshold) {
      return static_cast<std::uint64_t>(product >> 64);
    }
  }
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace fastformer
