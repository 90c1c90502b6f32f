// Operations of a token against a count by hand.
#include "learn/encoders/operations.h"

#include <gtest/gtest.h>

namespace fastformer::learn {
namespace {

model::ModelConfig config_of(int layers) {
  model::ModelConfig config;
  config.encoder.width = 32;
  config.encoder.heads = 4;
  config.encoder.layers = layers;
  config.encoder.feed_forward = 64;
  return config;
}

TEST(OperationsTest, OfThePublishedEncoder) {
  // Two scores per head, both weighted sums, then query, key, transform and output.
  const double attention = 2 * (4 * 32 * 32 + 2 * 4 * 32) + 4 * 32;
  const double feed_forward = 2 * 2 * 32 * 64;
  const double pooling = 2 * (32 * 32 + 2 * 32);
  for (const int layers : {1, 3}) {
    EXPECT_EQ(operations_per_token(config_of(layers), 100),
              layers * (attention + feed_forward) + pooling);
  }
}

TEST(OperationsTest, DoNotDependOnTheLengthOfADocument) {
  EXPECT_EQ(operations_per_token(config_of(2), 1), operations_per_token(config_of(2), 1e6));
}

TEST(OperationsTest, FollowTheSwitches) {
  model::ModelConfig config = config_of(1);
  const double published = operations_per_token(config, 10);
  config.fastformer.share_query_value = false;
  EXPECT_EQ(operations_per_token(config, 10), published + 2 * 32 * 32);
  config.fastformer.share_query_value = true;
  config.fastformer.share_heads = true;
  EXPECT_EQ(operations_per_token(config, 10), published - 2 * 2 * 32 * (32 - 8));
  config.fastformer.share_heads = false;
  config.fastformer.interaction = Interaction::kConcatenation;
  EXPECT_EQ(operations_per_token(config, 10), published + 2 * 2 * 32 * 64);
  config = config_of(1);
  config.fastformer.global_key = false;
  EXPECT_EQ(operations_per_token(config, 10), published - 2 * 4 * 32 - 2 * 32);
  config = config_of(1);
  config.encoder.pooling = Pooling::kMax;
  EXPECT_EQ(operations_per_token(config, 10), published - 2 * (32 * 32 + 2 * 32));
}

}  // namespace
}  // namespace fastformer::learn
