// Writes and strictly reads the document of a model's configuration.
#include "model/config_json.h"

#include <fastformer/error.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"
#include "config/json_text.h"

namespace fastformer::model {
namespace {

using config::Json;

// The struct's options by section; `config` must outlive the sets.
struct Sections {
  config::OptionSet model;
  config::OptionSet text;
  config::OptionSet wide;

  explicit Sections(ModelConfig& config) {
    config.describe_encoder(model);
    config.text.describe(text);
    config.wide.describe(wide);
  }
};

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> list = {
        "format",      "task",   "model",      "text", "labels", "vocabulary", "padding_id",
        "temperature", "target", "thresholds", "wide", "alone",  "weights"};
    list.insert(list.end(), extra_sections().begin(), extra_sections().end());
    return list;
  }();
  return keys;
}

const Json& member(const Json& document, const char* key, const std::string& where) {
  const auto at = document.find(key);
  if (at == document.end()) throw Error("the key \"" + std::string(key) + "\" is missing", where);
  return *at;
}

// nlohmann's own comparison with a text ends the program where memory has run out.
bool is_text(const Json& value, std::string_view text) {
  return value.is_string() && value.get_ref<const std::string&>() == text;
}

std::int64_t whole_number(const Json& document, const char* key, std::int64_t least,
                          const std::string& where) {
  // Ids are 32 bits wide; so are the counts of things that have ids.
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const Json& value = member(document, key, where);
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kMost) &&
                    value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= kMost;
  if (!fits) {
    throw Error(std::string(key) + ": " + printable(value.dump()) + " is not a whole number from " +
                    std::to_string(least) + " to " + std::to_string(kMost),
                where);
  }
  return value.get<std::int64_t>();
}

// A number that may be missing.
double number_or(const Json& document, const char* key, double fallback, const std::string& where) {
  const auto at = document.find(key);
  if (at == document.end()) return fallback;
  if (!at->is_number()) throw Error(std::string(key) + ": must be a number", where);
  return at->get<double>();
}

metrics::TargetKind target_of(const Json& document, const std::string& where) {
  const auto at = document.find("target");
  if (at == document.end() || is_text(*at, "single")) return metrics::TargetKind::kSingle;
  if (is_text(*at, "multi")) return metrics::TargetKind::kMulti;
  throw Error("target: must be \"single\" or \"multi\"", where);
}

std::vector<double> thresholds_of(const Json& document, const std::string& where) {
  std::vector<double> thresholds;
  const auto at = document.find("thresholds");
  if (at == document.end()) return thresholds;
  if (!at->is_array()) throw Error("thresholds: must be a list of numbers", where);
  for (const Json& value : *at) {
    if (!value.is_number()) throw Error("thresholds: must be a list of numbers", where);
    thresholds.push_back(value.get<double>());
  }
  return thresholds;
}

// What "alone" says of a branch, if anything.
std::optional<BranchReading> reading_of(const Json& document, const char* branch,
                                        const std::string& where) {
  const auto alone = document.find("alone");
  if (alone == document.end()) return {};
  config::check_keys(*alone, {"wide", "encoder"}, where + ", alone");
  const auto at = alone->find(branch);
  if (at == alone->end()) return {};
  config::check_keys(*at, {"temperature", "thresholds"}, where + ", alone");
  return BranchReading{number_or(*at, "temperature", 1, where), thresholds_of(*at, where)};
}

void write_reading(const std::optional<BranchReading>& reading, const char* branch,
                   Json& document) {
  if (!reading) return;
  Json& section = document["alone"][branch];
  section["temperature"] = reading->temperature;
  if (!reading->thresholds.empty()) section["thresholds"] = reading->thresholds;
}

void check_format(const Json& document, const std::string& where) {
  if (!document.is_object()) throw Error("must be a JSON object", where);
  const std::int64_t format = whole_number(document, "format", 1, where);
  if (format > kConfigFormat) {
    throw Error("was made by a newer version: its format is " + std::to_string(format) +
                    ", this program reads up to " + std::to_string(kConfigFormat),
                where, "Use a newer version of fastformer");
  }
}

// The encoder's name, which says what other options "model" has.
std::string encoder_of(const Json& document, const std::string& where) {
  const Json& model = member(document, "model", where);
  if (!model.is_object() || !model.contains("encoder") || !model["encoder"].is_string()) {
    return kFastformer;
  }
  const auto name = model["encoder"].get<std::string>();
  const std::vector<std::string> known = encoder_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  throw UnknownEncoder(name, where, ErrorKind::kFailure);
}

bool is_quantized(const Json& document, const std::string& where) {
  const auto at = document.find("weights");
  if (at == document.end()) return false;
  if (!is_text(*at, "int8")) throw Error("weights: must be \"int8\" where it is given", where);
  return true;
}

std::vector<std::string> labels_of(const Json& document, const std::string& where) {
  const Json& list = member(document, "labels", where);
  if (!list.is_array()) throw Error("labels: must be a list of strings", where);
  std::vector<std::string> labels;
  for (const Json& label : list) {
    if (!label.is_string()) throw Error("labels: must be a list of strings", where);
    labels.push_back(label.get<std::string>());
  }
  return labels;
}

}  // namespace

const std::vector<std::string>& extra_sections() {
  static const std::vector<std::string> names = {"data", "training", kImportSection};
  return names;
}

Json config_document(const ModelConfig& config, const Json& extra) {
  config.validate();
  ModelConfig copy = config;
  const Sections sections(copy);
  Json document = {{"format", config.quantized ? 2 : 1},
                   {"task", config.task},
                   {"model", sections.model.to_json()},
                   {"text", sections.text.to_json()},
                   {"labels", config.labels},
                   {"vocabulary", config.vocabulary},
                   {"padding_id", config.padding_id},
                   {"temperature", config.temperature},
                   {"target", config.is_multi() ? "multi" : "single"}};
  if (config.quantized) document["weights"] = "int8";
  if (!config.thresholds.empty()) document["thresholds"] = config.thresholds;
  if (config.wide.present) document["wide"] = sections.wide.to_json();
  write_reading(config.wide_alone, "wide", document);
  write_reading(config.encoder_alone, "encoder", document);
  if (extra.is_null()) return document;
  config::check_keys(extra, extra_sections(), "extra sections of the configuration");
  for (const auto& [key, value] : extra.items()) document[key] = value;
  return document;
}

ModelConfig parse_config(const Json& document, const std::string& where) {
  // A newer document may have keys that are unknown here: its version is looked at first.
  check_format(document, where);
  config::check_keys(document, known_keys(), where);
  ModelConfig config;
  const Json& task = member(document, "task", where);
  if (!task.is_string()) throw Error("task: must be a string", where);
  config.task = task.get<std::string>();
  config.labels = labels_of(document, where);
  config.target = target_of(document, where);
  config.thresholds = thresholds_of(document, where);
  config.wide_alone = reading_of(document, "wide", where);
  config.encoder_alone = reading_of(document, "encoder", where);
  config.quantized = is_quantized(document, where);
  config.vocabulary = whole_number(document, "vocabulary", 1, where);
  config.padding_id = whole_number(document, "padding_id", -1, where);
  config.temperature = number_or(document, "temperature", config.temperature, where);
  config.encoder.encoder = encoder_of(document, where);
  Sections sections(config);
  // The options' errors are errors of usage; a damaged file is a failure.
  try {
    sections.model.apply_json(member(document, "model", where), config::Source::kFile, "model");
    sections.text.apply_json(member(document, "text", where), config::Source::kFile, "text");
    if (document.contains("wide")) {
      sections.wide.apply_json(document["wide"], config::Source::kFile, "wide");
      config.wide.present = true;
      config.wide.ngrams.lowercase = config.text.lowercase;
      config.wide.ngrams.strip_html = config.text.strip_html;
    }
    config.validate();
  } catch (const Error& error) {
    throw Error(error.what(), where);
  }
  return config;
}

ModelConfig parse_config_text(std::string_view text, const std::string& where, Json* document) {
  Json json = config::parse_json<Json>(text, where);
  const config::Dismantled<Json> guard(json);
  ModelConfig config = parse_config(json, where);
  if (document) *document = std::move(json);
  return config;
}

}  // namespace fastformer::model
