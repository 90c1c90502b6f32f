// What must hold for every encoder: gradients, independence of documents, cost.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "encoder_layer.h"
#include "gradient_check.h"
#include "model/config_json.h"
#include "temporary_folder.h"

namespace fastformer::learn {
namespace {

struct Variant {
  std::string name;
  std::string encoder;
  std::string options;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

// With small options, so that documents of some tokens meet every case.
const Variant kSmallVariants[] = {
    {"Longformer", "longformer", R"({"longformer_window": 6})"},
    {"LongformerWithoutGlobal", "longformer",
     R"({"longformer_window": 8, "longformer_global": 0})"},
    {"LongformerManyGlobal", "longformer", R"({"longformer_window": 4, "longformer_global": 5})"},
    {"BigBird", "bigbird", R"({"bigbird_block": 3, "bigbird_random": 2})"},
    {"BigBirdWithoutGlobal", "bigbird",
     R"({"bigbird_block": 2, "bigbird_global": 0, "bigbird_random": 1})"},
    {"BigBirdUnevenGlobal", "bigbird",
     R"({"bigbird_block": 4, "bigbird_global": 3, "bigbird_window": 1, "bigbird_random": 0})"},
    {"Linformer", "linformer", R"({"linformer_rank": 5})"},
    {"LinformerByHead", "linformer", R"({"linformer_rank": 5, "linformer_sharing": "none"})"},
    {"LinformerKeyValue", "linformer",
     R"({"linformer_rank": 5, "linformer_sharing": "key-value"})"},
    {"LinformerLayerwise", "linformer",
     R"({"linformer_rank": 5, "linformer_sharing": "layerwise"})"},
    {"Poolingformer", "poolingformer",
     R"({"poolingformer_window": 3, "poolingformer_pooled_window": 9})"},
    {"PoolingformerMean", "poolingformer",
     R"({"poolingformer_window": 2, "poolingformer_pooled_window": 7, "poolingformer_kernel": 3,
         "poolingformer_stride": 3, "poolingformer_pooling": "mean"})"},
    {"PoolingformerMax", "poolingformer",
     R"({"poolingformer_window": 4, "poolingformer_pooled_window": 12,
         "poolingformer_pooling": "max"})"},
};

// Every encoder with its defaults, and the small ones.
std::vector<Variant> variants() {
  install_encoders();
  std::vector<Variant> all;
  for (const std::string& name : model::encoder_names()) all.push_back({name, name, "{}"});
  all.insert(all.end(), std::begin(kSmallVariants), std::end(kSmallVariants));
  return all;
}

class EncodersTest : public testing::TestWithParam<Variant> {
 protected:
  static config::Json options() { return config::Json::parse(GetParam().options); }
  EncoderLayer layer_{GetParam().encoder, options()};
};

TEST_P(EncodersTest, GradientsEqualFiniteDifferences) {
  const std::vector<std::int64_t> offsets = {0, 40, 40, 41, 81, 101};
  at::Tensor hidden = random_tensor({101, 12}, 1).set_requires_grad(true);
  const at::Tensor mixture = random_tensor({101, 12}, 2);
  const auto loss = [&] { return (layer_.mix(hidden, offsets) * mixture).sum(); };
  check_gradient(hidden, loss, "hidden");
  for (const std::string& name : layer_.names()) {
    check_gradient(layer_.parameters().at(name), loss, name);
  }
}

TEST_P(EncodersTest, BatchMatesChangeNothing) {
  const std::vector<std::int64_t> offsets = {0, 100, 101, 101, 141, 241, 247, 287, 288};
  const at::Tensor hidden = random_tensor({288, 12}, 3);
  const at::Tensor together = layer_.mix(hidden, offsets);
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    if (offsets[b] == offsets[b + 1]) continue;
    const at::Tensor alone = layer_.mix(hidden.slice(0, offsets[b], offsets[b + 1]));
    EXPECT_LT(difference(together.slice(0, offsets[b], offsets[b + 1]), alone), 1e-12) << b;
  }
}

TEST_P(EncodersTest, EveryLengthGivesNumbers) {
  for (std::int64_t length = 1; length <= 200; length += length < 70 ? 1 : 13) {
    const at::Tensor mixed = layer_.mix(random_tensor({length, 12}, 4));
    ASSERT_EQ(mixed.size(0), length);
    ASSERT_TRUE(mixed.isfinite().all().item<bool>()) << length;
  }
}

TEST_P(EncodersTest, NoTokensGiveNoTokens) {
  const at::Tensor none = at::empty({0, 12}, at::kDouble).set_requires_grad(true);
  const at::Tensor mixed = layer_.mix(none, {0, 0, 0});
  EXPECT_EQ(mixed.size(0), 0);
  mixed.sum().backward();
}

TEST_P(EncodersTest, ProductsInBFloat16StayNear) {
  EncoderLayer layer(GetParam().encoder, options(), 32, 4, at::kFloat);
  const at::Tensor hidden = random_tensor({150, 32}, 5, 0.3).to(at::kFloat);
  const at::Tensor exact = layer.mix(hidden, {0, 50, 150});
  layer.parameters().set_products(at::kBFloat16);
  const at::Tensor found = layer.mix(hidden, {0, 50, 150});
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  EXPECT_LT(difference(found, exact) / exact.abs().max().item<double>(), 0.04);
}

TEST_P(EncodersTest, ConfigurationsAreWrittenAndReadAgain) {
  const config::Json document = model::config_document(layer_.config());
  const config::Json given = options();
  for (const auto& [key, value] : given.items()) EXPECT_EQ(document["model"][key], value);
  const model::ModelConfig read = model::parse_config(document, "c");
  EXPECT_EQ(model::config_document(read), document);
  EXPECT_EQ(model::tensors_of(read).size(), layer_.parameters().names().size());
}

TEST_P(EncodersTest, AClassifierLearns) {
  model::ModelConfig config = layer_.config();
  Classifier classifier(config, 3);
  spread_parameters(classifier);
  const data::RaggedBatch batch = batch_of(random_documents({9, 30, 1, 0, 30, 64}));
  const at::Tensor labels = at::tensor(std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}, at::kLong);
  const auto loss = [&] { return at::cross_entropy_loss(classifier.logits(batch, {}), labels); };
  const at::Tensor before = loss();
  before.backward();
  const at::NoGradGuard no_gradients;
  const Parameters& parameters = classifier.parameters();
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    at::Tensor tensor = parameters.tensors()[i];
    tensor.sub_(gradient_of(tensor, parameters.names()[i]), 1e-3);
  }
  EXPECT_LT(loss().item<double>(), before.item<double>());
}

INSTANTIATE_TEST_SUITE_P(Variants, EncodersTest, testing::ValuesIn(variants()),
                         [](const auto& variant) { return variant.param.name; });

TEST(EncodersTest, OptionsOfOthersAreRefused) {
  model::ModelConfig config = small_config();
  config::OptionSet set;
  config.describe_encoders(set);
  EXPECT_NO_THROW(model::refuse_options_of_others(config, set));
  const std::string window = "8", encoder = "longformer";
  set.apply_flag("longformer-window", std::span(&window, 1));
  EXPECT_ERROR(model::refuse_options_of_others(config, set), "--longformer-window: is an option");
  set.apply_flag("encoder", std::span(&encoder, 1));
  EXPECT_NO_THROW(model::refuse_options_of_others(config, set));
  const std::string sum = "sum";
  set.apply_flag("interaction", std::span(&sum, 1));
  EXPECT_ERROR(model::refuse_options_of_others(config, set), "encoder fastformer");
}

TEST(EncodersTest, ChoicesThatDoNotFitAreRefused) {
  const auto make = [](const char* encoder, const char* options) {
    return EncoderLayer(encoder, config::Json::parse(options));
  };
  EXPECT_ERROR(make("longformer", R"({"longformer_window": 7})"), "odd");
  EXPECT_ERROR(make("bigbird", R"({"bigbird_window": 2})"), "even");
  EXPECT_ERROR(make("poolingformer", R"({"poolingformer_kernel": 4})"), "even");
  EXPECT_ERROR(make("linformer", R"({"longformer_window": 8})"), "unknown key");
}

TEST(EncodersTest, LinformerRefusesDocumentsBeyondItsMaximum) {
  const EncoderLayer layer("linformer", config::Json::object());
  EXPECT_EQ(layer.mix(random_tensor({200, 12}, 1)).size(0), 200);
  EXPECT_ERROR(layer.mix(random_tensor({201, 12}, 1)), "200 tokens");
}

}  // namespace
}  // namespace fastformer::learn
