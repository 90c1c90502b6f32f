// The encoder of docs/add-an-encoder.md, which the build takes from there, can be a row of the
// table and does what the page says.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "encoder_layer.h"
#include "learn/encoders/registry.h"

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

// Half of each token's value, and half of its document's mean.
at::Tensor expected_mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer) {
  const at::Tensor value = linear(hidden, layer, "value");
  std::vector<at::Tensor> parts;
  for (std::size_t b = 0; b + 1 < ragged.offsets.size(); ++b) {
    const at::Tensor rows = value.slice(0, ragged.offsets[b], ragged.offsets[b + 1]);
    if (rows.size(0) > 0) parts.push_back(0.5 * rows + 0.5 * rows.mean(0, /*keepdim=*/true));
  }
  return linear(at::cat(parts), layer, "output");
}

bool mixes_as_the_page_says() {
  const EncoderRow row = mean_encoder();
  model::add_encoders({row.kind});
  model::ModelConfig config = small_config();
  config.encoder.encoder = row.kind.name;
  const Parameters parameters(
      model::tensors_of(config),
      [](const model::TensorSpec& spec) { return random_tensor(spec.shape, hash_of(spec.name)); },
      at::kDouble);
  const Scope layer(parameters, "encoder.layer.0.attention.");
  const at::Tensor hidden = random_tensor({9, config.encoder.width}, 1);
  const Ragged ragged = Ragged::from_offsets({0, 4, 4, 5, 9});
  const at::Tensor mixed = row.make(config)->mix(hidden, ragged, layer, {});
  return difference(mixed, expected_mix(hidden, ragged, layer)) < 1e-9;
}

// In a process of its own: an encoder that is known stays known, and is not in this program's
// table.
TEST(DocumentedEncoderTest, MixesAsThePageSays) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::_Exit(mixes_as_the_page_says() ? 0 : 1), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fastformer::learn
