// The importer on golden files of the authors' model, and on files made from them.
#include "model/official_import.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "config/json_text.h"
#include "model/small_model.h"

namespace fastformer::model {
namespace {

using config::Json;

std::string golden(const std::string& precision) {
  return std::string(FASTFORMER_TEST_DATA) + "/golden/official_small_" + precision + ".safetensors";
}

// The golden weights as tensors that a test can change before it writes them.
struct Editable {
  SafetensorsFile file{golden("f32")};
  std::vector<NamedTensor> tensors;
  Json config = Json::parse(file.metadata().at("config"));

  Editable(const std::string& prefix, bool only_weights) {
    for (const std::string& name : file.names()) {
      const bool is_weight = name.starts_with("weights.");
      if (only_weights && !is_weight) continue;
      const TensorView& view = file.tensor(name);
      tensors.push_back(
          {is_weight ? prefix + name.substr(8) : name, view.dtype, view.shape, view.bytes});
    }
  }

  NamedTensor& tensor(const std::string& name) {
    for (NamedTensor& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    throw Error("no such tensor", name);
  }

  ImportedModel import(bool with_metadata = true, const std::string& config_path = "") const {
    const WithoutSync without_sync;
    const TemporaryFolder folder;
    std::map<std::string, std::string> metadata;
    if (with_metadata) metadata["config"] = config.dump();
    write_safetensors(folder.file("w.safetensors"), tensors, metadata);
    return import_official(folder.file("w.safetensors"), config_path);
  }
};

void expect_equal(const ImportedModel& a, const ImportedModel& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].shape, b.tensors[i].shape);
    EXPECT_EQ(a.tensors[i].values, b.tensors[i].values);
  }
  EXPECT_EQ(a.config.labels, b.config.labels);
}

TEST(OfficialImportTest, ReadsTheConfiguration) {
  const ModelConfig config = import_official(golden("f32"), "").config;
  EXPECT_EQ(config.encoder.width, 32);
  EXPECT_EQ(config.encoder.heads, 4);
  EXPECT_EQ(config.encoder.layers, 2);
  EXPECT_EQ(config.encoder.feed_forward, 48);
  EXPECT_EQ(config.encoder.norm_epsilon, 1e-12);
  EXPECT_EQ(config.text.max_length, 24);
  EXPECT_EQ(config.vocabulary, 50);
  EXPECT_EQ(config.padding_id, 0);
  EXPECT_EQ(config.labels, (std::vector<std::string>{"0", "1", "2"}));
}

TEST(OfficialImportTest, EveryWeightArrivesUnderItsName) {
  for (const std::string precision : {"f32", "f64"}) {
    const SafetensorsFile file(golden(precision));
    const ImportedModel model = import_official(golden(precision), "");
    const auto names = official_names(model.config);
    ASSERT_EQ(names.size(), model.tensors.size());
    std::set<std::string> used;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const FloatTensor& tensor = model.tensors[i];
      EXPECT_EQ(names[i].first, tensor.name);
      EXPECT_EQ(file.floats("weights." + names[i].second), tensor.values);
      EXPECT_EQ(file.tensor("weights." + names[i].second).shape, tensor.shape);
      EXPECT_TRUE(file.contains("gradient." + names[i].second));
      used.insert("weights." + names[i].second);
    }
    for (const std::string& name : file.names()) {
      EXPECT_EQ(name.starts_with("weights."), used.contains(name)) << name;
    }
  }
}

TEST(OfficialImportTest, NamesAreThoseOfTheSchemaInItsOrder) {
  const ModelConfig config = import_official(golden("f32"), "").config;
  const auto specs = tensors_of(config);
  const auto names = official_names(config);
  ASSERT_EQ(names.size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) EXPECT_EQ(names[i].first, specs[i].name);
  const std::map<std::string, std::string> theirs(names.begin(), names.end());
  const std::string layer = "fastformer_model.encoders.1.";
  const std::map<std::string, std::string> written_out = {
      {"embedding.word", "word_embedding"},
      {"embedding.norm", "fastformer_model.LayerNorm"},
      {"pooling.hidden", "fastformer_model.poolers.0.att_fc1"},
      {"encoder.layer.1.attention.query", layer + "attention.self.query"},
      {"encoder.layer.1.attention.key", layer + "attention.self.key"},
      {"encoder.layer.1.attention.query_score", layer + "attention.self.query_att"},
      {"encoder.layer.1.attention.key_score", layer + "attention.self.key_att"},
      {"encoder.layer.1.attention.transform", layer + "attention.self.transform"},
      {"encoder.layer.1.attention.output", layer + "attention.output.dense"},
      {"encoder.layer.1.attention.norm", layer + "attention.output.LayerNorm"},
      {"encoder.layer.1.feed_forward.norm", layer + "output.LayerNorm"}};
  for (const auto& [our, their] : written_out) {
    EXPECT_EQ(theirs.at(our + ".weight"), their + ".weight");
  }
}

TEST(OfficialImportTest, OtherArchitecturesHaveNoOfficialNames) {
  ModelConfig config = small_config();
  config.fastformer.share_query_value = false;
  EXPECT_ERROR(official_names(config), "attention.value");
}

TEST(OfficialImportTest, BothPrecisionsAndBothPrefixesGiveTheSameModel) {
  const ImportedModel model = import_official(golden("f32"), "");
  expect_equal(Editable("weights.", true).import(), model);
  expect_equal(Editable("", true).import(), model);
  expect_equal(Editable("", false).import(), model);
}

TEST(OfficialImportTest, TheFolderOfAnImportOpens) {
  const TemporaryFolder folder;
  const ImportedModel model = import_official(golden("f64"), "");
  ModelParts parts;
  parts.config = model.config;
  parts.extra = {{kImportSection, {{"from", "official"}}}};
  for (const FloatTensor& tensor : model.tensors) parts.tensors.push_back(tensor.view());
  write_model_folder(folder.path(), parts);
  const ModelFolder opened = ModelFolder::open(folder.path());
  for (const FloatTensor& tensor : model.tensors) {
    EXPECT_EQ(opened.tensors().floats(tensor.name), tensor.values);
  }
}

TEST(OfficialImportTest, AConfigurationFileTakesTheMetadatasPlace) {
  const TemporaryFolder folder;
  Editable weights("", true);
  EXPECT_ERROR(weights.import(false), "no configuration in its metadata");
  // As the authors publish it: a BERT configuration without the number of labels, and with a
  // vocabulary that their code does not read.
  const std::string file = folder.write("fastformer.json", R"({"hidden_size": 32,
      "hidden_dropout_prob": 0.2, "num_hidden_layers": 2, "hidden_act": "gelu",
      "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 24,
      "type_vocab_size": 2, "vocab_size": 100000, "layer_norm_eps": 1e-12,
      "initializer_range": 0.02, "pooler_type": "weightpooler", "enable_fp16": "False"})");
  const ImportedModel model = weights.import(false, file);
  expect_equal(model, import_official(golden("f32"), ""));
  EXPECT_EQ(model.config.encoder.dropout, 0.2);
  EXPECT_ERROR(weights.import(true, folder.write("bad.json", "{")), "bad.json: is not valid JSON");
  EXPECT_ERROR(weights.import(true, folder.file("none.json")), "none.json: no such file");
}

TEST(OfficialImportTest, EveryMissingOrMisshapenTensorIsNamed) {
  for (const std::string prefix : {"", "weights."}) {
    const Editable good(prefix, true);
    for (std::size_t i = 0; i < good.tensors.size(); ++i) {
      const std::string name = good.tensors[i].name;
      Editable missing(prefix, true);
      missing.tensors.erase(missing.tensors.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_ERROR(missing.import(), "no tensor \"" + name);
      Editable misshapen(prefix, true);
      misshapen.tensors[i].shape.push_back(1);
      EXPECT_ERROR(misshapen.import(), "tensor \"" + name + "\" is [");
      Editable integers(prefix, true);
      integers.tensors[i].dtype = "I32";
      EXPECT_ERROR(integers.import(), "tensor \"" + name + "\" holds I32");
    }
  }
}

TEST(OfficialImportTest, PartsThatWouldBeLostAreErrors) {
  Editable weights("", true);
  weights.tensors.push_back(weights.tensors[0]);
  weights.tensors.back().name = "fastformer_model.poolers.1.att_fc1.bias";
  EXPECT_ERROR(weights.import(), "poolers.1.att_fc1.bias\" has no place");
  Editable fewer("weights.", true);
  fewer.config["num_hidden_layers"] = 1;
  EXPECT_ERROR(fewer.import(), "encoders.1.");
}

TEST(OfficialImportTest, FaultyConfigurationsAreErrors) {
  const std::vector<std::pair<std::string, Json>> bad = {{"hidden_size", 33},
                                                         {"hidden_size", 0},
                                                         {"hidden_size", "32"},
                                                         {"hidden_size", 1e18},
                                                         {"hidden_size", nullptr},
                                                         {"num_attention_heads", 5},
                                                         {"num_hidden_layers", 3},
                                                         {"num_hidden_layers", -1},
                                                         {"num_hidden_layers", 1e9},
                                                         {"intermediate_size", 47},
                                                         {"intermediate_size", 0},
                                                         {"max_position_embeddings", 25},
                                                         {"num_labels", 4},
                                                         {"num_labels", INT64_MAX},
                                                         {"layer_norm_eps", -1},
                                                         {"layer_norm_eps", "1e-12"},
                                                         {"hidden_act", "relu"},
                                                         {"pooler_type", "attention"},
                                                         {"hidden_dropout_prob", 1.5},
                                                         {"num_attention_heads", 0}};
  for (const auto& [key, value] : bad) {
    SCOPED_TRACE(key + " " + value.dump());
    Editable weights("weights.", true);
    weights.config[key] = value;
    EXPECT_THROW(weights.import(), Error);
  }
  Editable weights("weights.", true);
  weights.config.erase("hidden_size");
  EXPECT_ERROR(weights.import(), "\"hidden_size\" is missing");
  weights.config = Json::array();
  EXPECT_ERROR(weights.import(), "not a JSON object");
}

TEST(OfficialImportTest, ATensorWithoutBytesCannotAskForLabels) {
  Editable weights("", true);
  weights.tensor("dense_linear.weight").shape = {INT32_MAX, 0};
  weights.tensor("dense_linear.weight").bytes = {};
  weights.config.erase("num_labels");
  EXPECT_ERROR(weights.import(), "dense_linear.weight");
}

}  // namespace
}  // namespace fastformer::model
