// Gains on paired rows, and what is noise.
#include "metrics/paired_gain.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace fastformer::metrics {
namespace {

using Losses = std::vector<double>;

TEST(PairedGainTest, IsTheMeanDifferenceWithItsError) {
  const PairedGain gain = paired_gain(Losses{1, 2, 3}, Losses{0.5, 1, 1.5});
  EXPECT_DOUBLE_EQ(gain.mean, 1);
  EXPECT_DOUBLE_EQ(gain.error, 0.5 / std::sqrt(3.0));
  EXPECT_TRUE(gain.exceeds_error());
  EXPECT_FALSE(paired_gain(Losses{0.5, 1, 1.5}, Losses{1, 2, 3}).exceeds_error());
}

TEST(PairedGainTest, NothingIsNoGain) {
  EXPECT_FALSE(paired_gain(Losses{1, 2}, Losses{1, 2}).exceeds_error());
  EXPECT_FALSE(paired_gain(Losses{}, Losses{}).exceeds_error());
  EXPECT_THROW(paired_gain(Losses{1}, Losses{}), Error);
}

// A lower mean of rows that go both ways is chance; the same mean in every row is none.
TEST(PairedGainTest, RowsThatGoBothWaysAreNoise) {
  Random random(1);
  Losses before(100, 1), noisy, steady(100, 0.99);
  for (const double loss : before) noisy.push_back(loss + (random.below(2) == 0 ? 0.5 : -0.5));
  double mean = 0;
  for (const double loss : noisy) mean += loss / 100;
  for (double& loss : noisy) loss += 0.99 - mean;
  EXPECT_NEAR(paired_gain(before, noisy).mean, 0.01, 1e-12);
  EXPECT_FALSE(paired_gain(before, noisy).exceeds_error());
  EXPECT_TRUE(paired_gain(before, steady).exceeds_error());
}

}  // namespace
}  // namespace fastformer::metrics
