// Dropout and the exponential function, element by element.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/dropout.h"
#include "kernels/exponential.h"
#include "random_values.h"

namespace fastformer::kernels {
namespace {

constexpr std::int64_t kWidth = 10;

std::vector<float> dropped(const std::vector<float>& input, double rate, std::uint64_t seed,
                           const ParallelFor& threads = serial_for()) {
  std::vector<float> output(input.size(), -1);
  const auto rows = static_cast<std::int64_t>(input.size()) / kWidth;
  dropout<float>({rate, seed, {}}, {input.data(), rows, kWidth}, {output.data(), rows, kWidth},
                 threads);
  return output;
}

TEST(DropoutTest, AnElementDependsOnSeedAndPlaceAlone) {
  const std::vector<float> ones(100000, 1);
  const std::vector<float> all = dropped(ones, 0.25, 9);
  for (std::size_t length = 0; length < 40; ++length) {
    const std::vector<float> part = dropped(std::vector<float>(kWidth * length, 1), 0.25, 9);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin())) << length;
  }
  ThreadPool pool(4);
  EXPECT_EQ(dropped(ones, 0.25, 9, pool.parallel_for()), all);
  EXPECT_NE(dropped(ones, 0.25, 10), all);
  std::vector<float> in_place = ones;
  for (const std::int64_t width : {1, 3, 250, 2500}) {  // how elements lie in rows does not matter
    in_place = ones;
    const MatrixView<float> view(in_place.data(), 100000 / width, width);
    dropout<float>({0.25, 9, {}}, view, view, serial_for());
    in_place.resize(static_cast<std::size_t>(view.rows * width));
    EXPECT_TRUE(std::equal(in_place.begin(), in_place.end(), all.begin())) << width;
  }
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
