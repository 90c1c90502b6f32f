// Dropout and the exponential function, element by element.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/dropout.h"
#include "kernels/exponential.h"
#include "random_values.h"

namespace fastformer::kernels {
namespace {

std::vector<float> dropped(const std::vector<float>& input, double rate, std::uint64_t seed,
                           const ParallelFor& threads = serial_for()) {
  std::vector<float> output(input.size(), -1);
  dropout<float>(input, rate, seed, output, threads);
  return output;
}

TEST(DropoutTest, AnElementDependsOnSeedAndPlaceAlone) {
  const std::vector<float> ones(100000, 1);
  const std::vector<float> all = dropped(ones, 0.25, 9);
  for (std::size_t length = 0; length < 40; ++length) {
    const std::vector<float> part = dropped(std::vector<float>(length, 1), 0.25, 9);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin())) << length;
  }
  ThreadPool pool(4);
  EXPECT_EQ(dropped(ones, 0.25, 9, pool.parallel_for()), all);
  EXPECT_NE(dropped(ones, 0.25, 10), all);
  std::vector<float> in_place = ones;
  dropout<float>(in_place, 0.25, 9, in_place, serial_for());
  EXPECT_EQ(in_place, all);
}

TEST(DropoutTest, KeepsTheAskedShareAndScalesIt) {
  const std::vector<float> input = normal_values<float>(100000, 1);
  for (double rate : {0.0, 0.1, 0.5, 0.99}) {
    const std::vector<float> output = dropped(input, rate, 3);
    std::int64_t kept = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (output[i] == 0) continue;
      ++kept;
      ASSERT_NEAR(output[i], input[i] / (1 - rate), 1e-3 * std::abs(output[i]));
    }
    EXPECT_NEAR(static_cast<double>(kept) / 100000, 1 - rate, 0.01) << rate;
  }
}

TEST(ExponentialTest, IsWithinTwoUnitsInTheLastPlace) {
  for (double x = -87.2; x < 88.2; x += 0.00137) {
    const auto argument = static_cast<float>(x);
    const double exact = std::exp(static_cast<double>(argument));
    const auto rounded = static_cast<float>(exact);
    const double unit = std::nextafter(rounded, std::numeric_limits<float>::infinity()) - rounded;
    ASSERT_LE(std::abs(exponential(argument) - exact), 2 * unit) << argument;
  }
  EXPECT_EQ(exponential(0.0f), 1.0f);
}

TEST(ExponentialTest, SurvivesEveryArgument) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exponential(-infinity), 0);
  EXPECT_EQ(exponential(-1e30f), 0);
  EXPECT_TRUE(std::isfinite(exponential(infinity)));
  EXPECT_GT(exponential(infinity), 1e38f);
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(exponential(-std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
}  // namespace fastformer::kernels
