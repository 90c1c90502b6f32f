// Random weights for tests of the reference, each tensor determined by its name.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/reference/matrix.h"
#include "kernels/reference/named_weights.h"

namespace fastformer::kernels::reference {

// Answers for every name with enough random elements for any tensor of the architecture; the same
// name and seed give the same elements. Norm scales are near 1.
template <typename T>
class RandomTensors {
 public:
  RandomTensors(const Architecture& a, std::uint64_t seed, double deviation = 0.3)
      : count_(static_cast<std::size_t>(
            a.width * std::max({2 * a.width, a.vocabulary, a.max_length, a.feed_forward,
                                2 * a.labels, a.attention.heads, a.local_width}))),
        seed_(seed),
        deviation_(deviation) {}

  T* operator()(const std::string& name) {
    auto [at, added] = store_.try_emplace(name);
    if (added) {
      Random random(hash_of(name, seed_));
      const T mean = name.ends_with("norm.weight") ? 1 : 0;
      for (std::size_t n = 0; n < count_; ++n) {
        at->second.push_back(mean + static_cast<T>(deviation_ * random.normal()));
      }
    }
    return at->second.data();
  }

 private:
  std::size_t count_;
  std::uint64_t seed_;
  double deviation_;
  std::map<std::string, std::vector<T>> store_;
};

// A small classifier with two layers; change what the test is about.
inline Architecture small_architecture() {
  Architecture a;
  a.vocabulary = 11;
  a.max_length = 16;
  a.width = 8;
  a.layers = 2;
  a.feed_forward = 6;
  a.labels = 3;
  a.attention.heads = 2;
  return a;
}

template <typename T>
Matrix<T> random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Matrix<T> matrix(rows, columns);
  Random random(seed);
  for (T& element : matrix.elements()) element = static_cast<T>(random.normal());
  return matrix;
}

template <typename T>
double largest_magnitude(const std::vector<T>& elements) {
  double largest = 0;
  for (T element : elements) largest = std::max(largest, std::fabs(static_cast<double>(element)));
  return largest;
}

// |a - b| <= tolerance * largest |a|, element by element.
template <typename T>
void expect_close(const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  const double bound = tolerance * largest_magnitude(a);
  for (std::size_t n = 0; n < a.size(); ++n) ASSERT_NEAR(a[n], b[n], bound) << "element " << n;
}

template <typename T>
bool all_finite(const std::vector<T>& elements) {
  return std::all_of(elements.begin(), elements.end(), [](T x) { return std::isfinite(x); });
}

// Numbers that divide `width`.
inline std::vector<std::int64_t> head_counts(std::int64_t width) {
  std::vector<std::int64_t> counts;
  for (std::int64_t heads = 1; heads <= width; ++heads) {
    if (width % heads == 0) counts.push_back(heads);
  }
  return counts;
}

}  // namespace fastformer::kernels::reference
