// The encoder of docs/add-an-encoder.md, which the build takes from there, can be a row of the
// table.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "learn/encoders/registry.h"
#include "model/model_config.h"

namespace fastformer::learn {

EncoderRow mean_encoder();

namespace {

TEST(DocumentedEncoderTest, IsARowOfTheTable) {
  const EncoderRow row = mean_encoder();
  EXPECT_EQ(row.kind.name, "mean");
  ASSERT_NE(row.make, nullptr);
  ASSERT_NE(row.operations, nullptr);
  config::OptionSet options;
  const auto choices = row.kind.choices();
  choices->describe(options);
  EXPECT_EQ(options.to_json().at("mean_share"), 0.5);
  model::ModelConfig config;
  config.encoder.width = 8;
  model::TensorTable table;
  choices->add_layer(table, "layer.", config);
}

}  // namespace
}  // namespace fastformer::learn
