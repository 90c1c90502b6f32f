// Maps the authors' configuration and tensor names to ours.
#include "model/official_import.h"

#include <fastformer/error.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/schema.h"

namespace fastformer::model {
namespace {

using config::Json;

constexpr const char* kPrefix = "weights.";
constexpr const char* kRoots[] = {"fastformer_model.", "word_embedding.", "dense_linear."};
constexpr std::size_t kConfigLimit = 1 << 20;  // bytes
constexpr std::int64_t kMostIds = std::numeric_limits<std::int32_t>::max();

// Ours -> theirs outside the layers, and inside a layer.
constexpr std::pair<const char*, const char*> kModelNames[] = {
    {"embedding.word", "word_embedding"},
    {"embedding.position", "fastformer_model.position_embeddings"},
    {"embedding.norm", "fastformer_model.LayerNorm"},
    {"pooling.hidden", "fastformer_model.poolers.0.att_fc1"},
    {"pooling.score", "fastformer_model.poolers.0.att_fc2"},
    {"classifier", "dense_linear"}};
constexpr std::pair<const char*, const char*> kLayerNames[] = {
    {"attention.query", "attention.self.query"},
    {"attention.key", "attention.self.key"},
    {"attention.query_score", "attention.self.query_att"},
    {"attention.key_score", "attention.self.key_att"},
    {"attention.transform", "attention.self.transform"},
    {"attention.output", "attention.output.dense"},
    {"attention.norm", "attention.output.LayerNorm"},
    {"feed_forward.inner", "intermediate.dense"},
    {"feed_forward.outer", "output.dense"},
    {"feed_forward.norm", "output.LayerNorm"}};

template <std::size_t N>
std::string translated(const std::string& name,
                       const std::pair<const char*, const char*> (&table)[N]) {
  for (const auto& [ours, theirs] : table) {
    if (name == ours) return theirs;
  }
  throw Error("the authors' model has no part \"" + name + "\"");
}

std::string official_name(const std::string& name) {
  const std::string layer_start = "encoder.layer.";
  const std::size_t dot = name.rfind('.');
  const std::string kind = name.substr(dot);  // ".weight" or ".bias"
  if (!name.starts_with(layer_start)) return translated(name.substr(0, dot), kModelNames) + kind;
  const std::size_t after = name.find('.', layer_start.size());
  const std::string layer = name.substr(layer_start.size(), after - layer_start.size());
  const std::string part = name.substr(after + 1, dot - after - 1);
  return "fastformer_model.encoders." + layer + "." + translated(part, kLayerNames) + kind;
}

// The authors' configuration, a BERT configuration of which their code reads these keys.
class OfficialConfig {
 public:
  OfficialConfig(Json values, std::string where)
      : values_(std::move(values)), where_(std::move(where)) {
    if (!values_.is_object()) throw Error("is not a JSON object", where_);
    expect("hidden_act", "gelu");
    expect("pooler_type", "weightpooler");
  }

  bool has(const char* key) const { return values_.contains(key); }

  std::int64_t size(const char* key, std::int64_t most) const {
    if (!has(key)) throw Error("the key \"" + std::string(key) + "\" is missing", where_);
    const Json& value = values_[key];
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
      throw Error(std::string(key) + ": " + printable(value.dump()) +
                      " is not a whole number from 1 to " + std::to_string(most),
                  where_);
    }
    return value.get<std::int64_t>();
  }

  double number(const char* key, double otherwise, double most) const {
    if (!has(key)) return otherwise;
    const Json& value = values_[key];
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= 0 && number <= most)) {
      throw Error(std::string(key) + ": " + printable(value.dump()) +
                      " is not a number from 0 to " + format_double(most),
                  where_);
    }
    return number;
  }

 private:
  void expect(const char* key, const std::string& value) const {
    if (!has(key) || values_[key] == value) return;
    throw Error(std::string(key) + ": " + printable(values_[key].dump()) +
                    " is not supported, only \"" + value + "\" is",
                where_);
  }

  Json values_;
  std::string where_;
};

OfficialConfig read_config(const SafetensorsFile& weights, const std::string& config_path) {
  if (!config_path.empty()) {
    return {config::parse_json<Json>(io::read_file(config_path, kConfigLimit), config_path),
            config_path};
  }
  const auto at = weights.metadata().find("config");
  if (at == weights.metadata().end()) {
    throw Error("has no configuration in its metadata", weights.path(),
                "Give the configuration as a JSON file with --config");
  }
  const std::string where = weights.path() + ": metadata \"config\"";
  return {config::parse_json<Json>(at->second, where), where};
}

// The state dict inside the file: views under the authors' names, with or without prefix.
class StateDict {
 public:
  explicit StateDict(const SafetensorsFile& file) : file_(file) {
    const auto prefixed = [](const std::string& name) { return name.starts_with(kPrefix); };
    if (std::any_of(file.names().begin(), file.names().end(), prefixed)) prefix_ = kPrefix;
  }

  // The tensor's values after a check of its shape.
  std::vector<float> values(const std::string& name, std::span<const std::int64_t> shape) const {
    check_shape(name, shape);
    return file_.floats(prefix_ + name);
  }

  void check_shape(const std::string& name, std::span<const std::int64_t> shape) const {
    const TensorView& tensor = file_.tensor(prefix_ + name);
    if (std::equal(shape.begin(), shape.end(), tensor.shape.begin(), tensor.shape.end())) return;
    throw Error("tensor \"" + prefix_ + name + "\" is " + printable(shape_text(tensor.shape)) +
                    ", the configuration asks for " + shape_text(shape),
                file_.path());
  }

  // Rows of a matrix of `columns` columns: at least 1, and backed by bytes of the file.
  std::int64_t rows(const std::string& name, std::int64_t columns) const {
    const TensorView& tensor = file_.tensor(prefix_ + name);
    if (tensor.shape.size() != 2 || tensor.shape[1] != columns || tensor.shape[0] < 1 ||
        tensor.shape[0] > kMostIds) {
      throw Error("tensor \"" + prefix_ + name + "\" is " + printable(shape_text(tensor.shape)) +
                      ", not a matrix of " + std::to_string(columns) + " columns",
                  file_.path());
    }
    return tensor.shape[0];
  }

  // A part of the authors' model that has no place in ours would be lost in silence, such as one
  // more layer than the configuration says.
  void check_nothing_lost(const std::vector<std::pair<std::string, std::string>>& names) const {
    std::set<std::string> used;
    for (const auto& [ours, theirs] : names) used.insert(prefix_ + theirs);
    for (const std::string& name : file_.names()) {
      const bool is_part = std::any_of(std::begin(kRoots), std::end(kRoots), [&](const char* root) {
        return name.starts_with(prefix_ + root);
      });
      if (is_part && !used.contains(name)) {
        throw Error("tensor \"" + printable(name) + "\" has no place in the configuration",
                    file_.path());
      }
    }
  }

 private:
  const SafetensorsFile& file_;
  std::string prefix_;
};

ModelConfig converted(const OfficialConfig& official, const StateDict& weights) {
  ModelConfig config;
  config.encoder.width = static_cast<int>(official.size("hidden_size", 65536));
  config.encoder.heads = static_cast<int>(official.size("num_attention_heads", 4096));
  config.encoder.layers = static_cast<int>(official.size("num_hidden_layers", 1000));
  config.encoder.feed_forward = static_cast<int>(official.size("intermediate_size", 1048576));
  config.encoder.norm_epsilon = official.number("layer_norm_eps", 1e-12, 1);
  config.encoder.dropout = official.number("hidden_dropout_prob", 0, 0.99);
  config.encoder.positions = Positions::kLearned;
  config.encoder.norm = NormPlacement::kPost;
  config.encoder.residual = true;
  config.encoder.share_layers = false;
  config.fastformer.interaction = Interaction::kProduct;
  config.fastformer.head_scores = HeadScores::kWhole;
  config.fastformer.share_query_value = true;
  config.fastformer.share_heads = false;
  config.text.tokenizer = text::TokenizerKind::kWord;
  config.text.max_length = static_cast<int>(official.size("max_position_embeddings", 16777216));
  // The authors' code sizes the embedding by its own word list and never reads "vocab_size".
  config.vocabulary = weights.rows("word_embedding.weight", config.encoder.width);
  config.padding_id = 0;
  const std::int64_t labels = weights.rows("dense_linear.weight", config.encoder.width);
  if (official.has("num_labels")) {
    const std::int64_t said = official.size("num_labels", kMostIds);
    weights.check_shape("dense_linear.weight",
                        std::vector<std::int64_t>{said, config.encoder.width});
  }
  for (std::int64_t label = 0; label < labels; ++label) {
    config.labels.push_back(std::to_string(label));
  }
  // Whoever imports chose nothing: what does not fit is a failure, not wrong usage.
  try {
    config.validate();
  } catch (const Error& error) {
    throw Error(error.what());
  }
  return config;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> official_names(const ModelConfig& config) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const TensorSpec& spec : tensors_of(config)) {
    names.emplace_back(spec.name, official_name(spec.name));
  }
  return names;
}

ImportedModel import_official(const std::string& weights_path, const std::string& config_path) {
  const SafetensorsFile file(weights_path);
  const StateDict weights(file);
  ImportedModel model;
  model.config = converted(read_config(file, config_path), weights);
  const auto names = official_names(model.config);
  weights.check_nothing_lost(names);
  for (const TensorSpec& spec : tensors_of(model.config)) {
    const std::string& theirs = names[model.tensors.size()].second;
    model.tensors.push_back({spec.name, spec.shape, weights.values(theirs, spec.shape)});
  }
  return model;
}

}  // namespace fastformer::model
