// Random numbers for the tests of kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace fastformer::kernels {

// `count` normal numbers.
template <typename T>
std::vector<T> normal_values(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(random.normal()));
  return values;
}

// Offsets of documents of all lengths up to `longest`, an empty one first and last.
inline std::vector<std::int64_t> offsets_of_all_lengths(int longest) {
  std::vector<std::int64_t> offsets = {0};
  for (int length = 0; length <= longest; ++length) offsets.push_back(offsets.back() + length);
  offsets.push_back(offsets.back());
  return offsets;
}

}  // namespace fastformer::kernels
