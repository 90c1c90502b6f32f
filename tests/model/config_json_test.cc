// config.json: round trips over configurations, and strictness.
#include "model/config_json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "config/json_text.h"
#include "model/small_model.h"

namespace fastformer::model {
namespace {

using config::Json;

std::vector<ModelConfig> some_configs() {
  std::vector<ModelConfig> configs = {small_config()};
  configs.push_back(small_config());
  configs.back().encoder.norm_epsilon = 1e-7;
  configs.back().encoder.dropout = 0.1;
  configs.back().encoder.share_layers = true;
  configs.back().padding_id = 2;
  configs.push_back(small_config());
  configs.back().encoder.positions = Positions::kNone;
  configs.back().encoder.norm = NormPlacement::kPre;
  configs.back().encoder.residual = false;
  configs.back().encoder.feed_forward = 0;
  configs.back().fastformer.interaction = Interaction::kConcatenation;
  configs.back().fastformer.head_scores = HeadScores::kSlice;
  configs.back().fastformer.share_query_value = false;
  configs.back().fastformer.share_heads = true;
  for (const Pooling pooling : {Pooling::kMax, Pooling::kBoth}) {
    configs.push_back(small_config());
    configs.back().encoder.pooling = pooling;
  }
  for (const Local local : {Local::kConvolution, Local::kGated}) {
    configs.push_back(small_config());
    configs.back().encoder.local = local;
    configs.back().encoder.local_width = 7;
  }
  configs.push_back(small_config());
  configs.back().task = kPretraining;
  configs.back().labels.clear();
  configs.push_back(small_config());
  configs.back().text.tokenizer = text::TokenizerKind::kBpe;
  configs.back().text.truncate = text::Truncate::kHeadTail;
  configs.back().text.lowercase = false;
  configs.back().labels = {"\"quoted\"", "line\nbreak", "\xf0\x9f\x98\x80"};
  configs.push_back(small_config());
  configs.back().temperature = 1.0 / 3;
  return configs;
}

TEST(ConfigJsonTest, RoundTrips) {
  for (const ModelConfig& config : some_configs()) {
    const Json document = config_document(config);
    const ModelConfig read = parse_config_text(config::json_text(document), "c");
    EXPECT_EQ(config_document(read), document);
    EXPECT_EQ(read.labels, config.labels);
    EXPECT_EQ(read.padding_id, config.padding_id);
    EXPECT_EQ(read.temperature, config.temperature);
    EXPECT_EQ(read.encoder.norm_epsilon, config.encoder.norm_epsilon);
    EXPECT_EQ(read.fastformer.interaction, config.fastformer.interaction);
    EXPECT_EQ(tensors_of(read).size(), tensors_of(config).size());
  }
}

TEST(ConfigJsonTest, EveryOptionMattersToTheDocument) {
  const auto configs = some_configs();
  for (std::size_t i = 0; i < configs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(config_document(configs[i]), config_document(configs[j])) << i << " " << j;
    }
  }
}

TEST(ConfigJsonTest, ExtraSectionsTravelAlong) {
  const Json extra = {{"training", {{"seed", 1}, {"deep", {{"x", {1, 2}}}}}}};
  Json document;
  parse_config_text(config::json_text(config_document(small_config(), extra)), "c", &document);
  EXPECT_EQ(document["training"], extra["training"]);
  EXPECT_ERROR(config_document(small_config(), {{"trainnig", 1}}), "training");
}

TEST(ConfigJsonTest, UnknownKeysBringTheNearest) {
  const auto parse_with = [](const char* section, const char* key) {
    Json document = config_document(small_config());
    (*section ? document[section] : document)[key] = 1;
    parse_config(document, "config.json");
  };
  EXPECT_ERROR(parse_with("", "lables"), "Did you mean \"labels\"?");
  EXPECT_ERROR(parse_with("model", "widht"), "Did you mean width?");
  EXPECT_ERROR(parse_with("text", "max_lenght"), "Did you mean max_length?");
  EXPECT_ERROR(parse_with("model", "max_length"), "config.json: model");
}

TEST(ConfigJsonTest, ANewerFormatIsRefusedBeforeItsKeys) {
  Json document = config_document(small_config());
  document["format"] = kConfigFormat + 1;
  document["invention"] = true;
  EXPECT_ERROR(parse_config(document, "c"), "newer version");
  for (const Json& bad : {Json(0), Json("1"), Json(1.0), Json(nullptr), Json(-1)}) {
    document["format"] = bad;
    EXPECT_ERROR(parse_config(document, "c"), "format");
  }
}

TEST(ConfigJsonTest, EveryMissingKeyIsNamed) {
  const Json whole = config_document(small_config());
  for (const auto& [key, value] : whole.items()) {
    if (key == "temperature" || key == "target") continue;
    Json document = whole;
    document.erase(key);
    EXPECT_ERROR(parse_config(document, "c"), key);
  }
}

TEST(ConfigJsonTest, HowABranchAloneIsReadComesBackAndIsChecked) {
  ModelConfig config = small_config();
  EXPECT_FALSE(config_document(config).contains("alone"));
  config.target = metrics::TargetKind::kMulti;
  config.wide_alone = {2, {0.25, 0.5, 0.75}};
  config.encoder_alone = {0.5, {}};
  const Json whole = config_document(config);
  const ModelConfig read = parse_config(whole, "c");
  ASSERT_TRUE(read.wide_alone && read.encoder_alone);
  EXPECT_EQ(read.wide_alone->temperature, 2);
  EXPECT_EQ(read.wide_alone->thresholds, config.wide_alone->thresholds);
  EXPECT_EQ(read.encoder_alone->temperature, 0.5);
  EXPECT_TRUE(read.encoder_alone->thresholds.empty());
  Json document = whole;
  document["alone"] = 3;
  EXPECT_ERROR(parse_config(document, "c"), "alone");
  document["alone"] = {{"wide", 3}};
  EXPECT_ERROR(parse_config(document, "c"), "alone");
  document["alone"] = {{"wdie", {{"temperature", 1}}}};
  EXPECT_ERROR(parse_config(document, "c"), "wide");
  document["alone"] = {{"wide", {{"temprature", 1}}}};
  EXPECT_ERROR(parse_config(document, "c"), "temperature");
  document["alone"] = {{"wide", {{"temperature", -1}}}};
  EXPECT_ERROR(parse_config(document, "c"), "temperature");
  document["alone"] = {{"wide", {{"temperature", 1}, {"thresholds", {0.5}}}}};
  EXPECT_ERROR(parse_config(document, "c"), "thresholds");
}

TEST(ConfigJsonTest, TargetAndThresholdsComeBackAndAreChecked) {
  ModelConfig config = small_config();
  config.target = metrics::TargetKind::kMulti;
  EXPECT_FALSE(config_document(config).contains("thresholds"));
  config.thresholds = {0.25, 1.0 / 3, 1};
  const Json whole = config_document(config);
  const ModelConfig read = parse_config(whole, "c");
  EXPECT_TRUE(read.is_multi());
  EXPECT_EQ(read.thresholds, config.thresholds);
  Json document = whole;
  document.erase("target");
  EXPECT_ERROR(parse_config(document, "c"), "thresholds");
  document.erase("thresholds");
  EXPECT_FALSE(parse_config(document, "c").is_multi());
  for (const Json& bad : {Json("several"), Json(1), Json(nullptr)}) {
    document["target"] = bad;
    EXPECT_ERROR(parse_config(document, "c"), "target");
  }
  document["target"] = "multi";
  for (const char* bad : {"[0.5, 0.5]", "[0.5, 0.5, 1.5]", "[0.5, 0.5, -1]", "[0.5, 0.5, \"x\"]",
                          "0.5", "[0.5, 0.5, null]"}) {
    document["thresholds"] = Json::parse(bad);
    EXPECT_ERROR(parse_config(document, "c"), "thresholds");
  }
}

TEST(ConfigJsonTest, ADocumentWithoutATemperatureHasOne) {
  ModelConfig config = small_config();
  config.temperature = 2;
  Json document = config_document(config);
  document.erase("temperature");
  EXPECT_EQ(parse_config(document, "c").temperature, 1);
}

TEST(ConfigJsonTest, FaultyValuesAreErrorsOfTheFileNotOfUsage) {
  const std::vector<std::pair<std::string, Json>> bad = {
      {"/model/width", 0},        {"/model/width", 1e9},
      {"/model/heads", 3},        {"/model/encoder", "transformer"},
      {"/model/dropout", 1.5},    {"/model/positions", "somewhere"},
      {"/text/max_length", -1},   {"/text/tokenizer", "magic"},
      {"/task", "cooking"},       {"/task", 1},
      {"/labels", Json::array()}, {"/labels", "a"},
      {"/labels", {"a", 1}},      {"/labels", {"a", "b", "a"}},
      {"/vocabulary", 0},         {"/vocabulary", 3e9},
      {"/vocabulary", INT64_MAX}, {"/vocabulary", std::numeric_limits<std::uint64_t>::max()},
      {"/padding_id", -2},        {"/padding_id", 4},
      {"/temperature", 0},        {"/temperature", "warm"},
      {"/temperature", -1.5},     {"/temperature", 1e7},
      {"/model", Json::array()},  {"/text", nullptr}};
  for (const auto& [pointer, value] : bad) {
    Json document = config_document(small_config());
    document[Json::json_pointer(pointer)] = value;
    try {
      parse_config(document, "config.json");
      ADD_FAILURE() << pointer << " " << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFailure) << pointer;
      EXPECT_THAT(error.what(), testing::StartsWith("config.json: ")) << pointer;
    }
  }
}

TEST(ConfigJsonTest, EveryCutAndEveryFlippedBitIsSurvived) {
  const std::string text = config::json_text(config_document(small_config()));
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_THROW(parse_config_text(text.substr(0, size), "c"), Error) << size;
  }
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      parse_config_text(damaged, "c").validate();
    } catch (const Error&) {
      continue;
    }
  }
}

TEST(ModelConfigTest, ChoicesAreErrorsOfUsageThatNameTheNearest) {
  const std::vector<std::pair<void (*)(ModelConfig&), const char*>> wrong = {
      {[](ModelConfig& c) { c.encoder.heads = 3; }, "heads: "},
      {[](ModelConfig& c) { c.encoder.encoder = "fastfromer"; }, "Did you mean fastformer?"},
      {[](ModelConfig& c) { c.encoder.encoder = "x"; }, "Known: fastformer"},
      {[](ModelConfig& c) { c.task = "clasification"; }, "Did you mean classification?"}};
  for (const auto& [change, part] : wrong) {
    ModelConfig config = small_config();
    change(config);
    try {
      config.validate_choices();
      ADD_FAILURE() << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), testing::HasSubstr(part));
    }
  }
  // Labels and vocabulary come later.
  EXPECT_NO_THROW(ModelConfig().validate_choices());
}

TEST(ConfigJsonTest, InvalidConfigurationsAreNotWritten) {
  ModelConfig config = small_config();
  config.labels = {"\xff"};
  EXPECT_ERROR(config_document(config), "UTF-8");
  config.labels = {"a", "a"};
  EXPECT_ERROR(config_document(config), "twice");
}

TEST(ConfigJsonTest, AnOlderDocumentKeepsTheMeaningItHad) {
  Json document = config_document(small_config());
  for (const char* key : {"pooling", "local", "local_width"}) document["model"].erase(key);
  EXPECT_EQ(config_document(parse_config(document, "c")), config_document(small_config()));
  EXPECT_EQ(parse_config(document, "c").encoder.pooling, Pooling::kAttention);
  EXPECT_EQ(parse_config(document, "c").encoder.local, Local::kNone);
}

TEST(SchemaTest, PoolingDecidesWhatTheHeadReads) {
  for (const Pooling pooling : {Pooling::kAttention, Pooling::kMax, Pooling::kBoth}) {
    ModelConfig config = small_config();
    config.encoder.pooling = pooling;
    bool attends = false;
    for (const TensorSpec& spec : tensors_of(config)) {
      attends = attends || spec.name.starts_with("pooling.");
      if (spec.name != "classifier.weight") continue;
      const std::int64_t vectors = pooling == Pooling::kBoth ? 2 : 1;
      EXPECT_EQ(spec.shape[1], vectors * config.encoder.width);
    }
    EXPECT_EQ(attends, pooling != Pooling::kMax);
  }
}

TEST(SchemaTest, TokensBesideSinesBeginAsLargeAsThese) {
  ModelConfig config = small_config();
  for (const auto& [positions, deviation] : {std::pair(Positions::kLearned, 0.02),
                                             {Positions::kNone, 0.02},
                                             {Positions::kSinusoidal, 1.}}) {
    config.encoder.positions = positions;
    EXPECT_EQ(tensors_of(config).front().name, "embedding.word.weight");
    EXPECT_EQ(tensors_of(config).front().deviation, deviation);
  }
  config.task = kPretraining;
  config.labels.clear();
  EXPECT_EQ(tensors_of(config).front().deviation, 0.02) << "these rows make scores, too";
}

TEST(SchemaTest, ALocalBranchHasItsTapsInEveryLayer) {
  ModelConfig config = small_config();
  const std::size_t without = tensors_of(config).size();
  config.encoder.local_width = 5;
  const auto layers = static_cast<std::size_t>(config.encoder.layers);
  for (const auto& [local, more] : {std::pair(Local::kConvolution, 2), {Local::kGated, 4}}) {
    config.encoder.local = local;
    EXPECT_EQ(tensors_of(config).size(), without + static_cast<std::size_t>(more) * layers);
    for (const TensorSpec& spec : tensors_of(config)) {
      if (!spec.name.ends_with("local.convolution.weight")) continue;
      EXPECT_EQ(spec.shape, (std::vector<std::int64_t>{5, config.encoder.width}));
    }
  }
  config.encoder.local_width = 4;
  EXPECT_ERROR(config.validate_choices(), "even");
}

TEST(SchemaTest, APretrainedEncoderSharesAllButItsHead) {
  ModelConfig config = small_config();
  std::set<std::string> classifier, pretrained;
  for (const TensorSpec& spec : tensors_of(config)) classifier.insert(spec.name);
  config.task = kPretraining;
  EXPECT_ERROR(config.validate(), "no labels");
  config.labels.clear();
  config.validate();
  for (const TensorSpec& spec : tensors_of(config)) {
    pretrained.insert(spec.name);
    const bool output = spec.name.starts_with("prediction.");
    EXPECT_EQ(classifier.contains(spec.name), !output) << spec.name;
    if (spec.name != "prediction.bias") continue;
    EXPECT_EQ(spec.shape[0], config.vocabulary);
  }
  for (const std::string& name : classifier) {
    const bool head = name.starts_with("pooling.") || name.starts_with("classifier.");
    EXPECT_EQ(pretrained.contains(name), !head) << name;
  }
  config.wide.present = true;
  EXPECT_ERROR(config.validate(), "no wide branch");
}

TEST(SchemaTest, ElementsNeverOverflowWithinTheLimits) {
  ModelConfig config = small_config();
  config.encoder.width = 65536;
  config.encoder.feed_forward = 1048576;
  config.text.max_length = 16777216;
  config.vocabulary = std::numeric_limits<std::int32_t>::max();
  config.encoder.layers = 1000;
  double real = 0;
  std::int64_t count = 0;
  for (const TensorSpec& spec : tensors_of(config)) {
    double elements = 1;
    for (const std::int64_t size : spec.shape) elements *= static_cast<double>(size);
    real += elements;
    count += spec.elements();
  }
  EXPECT_DOUBLE_EQ(static_cast<double>(count), real);
}

}  // namespace
}  // namespace fastformer::model
