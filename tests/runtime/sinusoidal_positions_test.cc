// Sums of angles against the formula, in and beyond what is kept.
#include "runtime/sinusoidal_positions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace fastformer::runtime {
namespace {

TEST(SinusoidalPositionsTest, EqualTheFormula) {
  constexpr std::int64_t kMillion = 1 << 20;
  for (const std::int64_t width : {1, 2, 7, 64}) {
    for (const std::int64_t count : {std::int64_t{3}, std::int64_t{300}, kMillion}) {
      const SinusoidalPositions positions(count, width);
      for (const std::int64_t position :
           {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{255}, std::int64_t{256},
            std::int64_t{777}, kMillion - 1, kMillion, kMillion + 300}) {
        std::vector<float> row(static_cast<std::size_t>(width + 1), 0.0F);
        positions.add(position, row.data());
        for (std::int64_t j = 0; j < width; ++j) {
          const double angle =
              static_cast<double>(position) /
              std::pow(10000.0, static_cast<double>(j - j % 2) / static_cast<double>(width));
          const double expected = j % 2 == 0 ? std::sin(angle) : std::cos(angle);
          ASSERT_NEAR(row[static_cast<std::size_t>(j)], expected, 1e-7)
              << position << " of " << count << ", element " << j << " of " << width;
        }
        ASSERT_EQ(row.back(), 0);
      }
    }
  }
}

}  // namespace
}  // namespace fastformer::runtime
