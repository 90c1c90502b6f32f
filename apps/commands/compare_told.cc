// Gathers what cells depend on.
#include "commands/compare_told.h"

#include <fastformer/error.h>
#include <fastformer/version.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "io/files.h"

namespace fastformer::apps {
namespace {

using config::Json;
using config::Option;

bool names_files(const Option& option) {
  return option.value_name.find("FILE") != std::string::npos || option.value_name == "DIR";
}

// Words that stand beside FILE in "none|auto|FILE" name no files.
bool is_word_of(const Option& option, const std::string& value) {
  const std::vector<std::string> words = split(option.value_name, '|');
  return std::find(words.begin(), words.end(), value) != words.end();
}

// With sizes, by which another file under the same name is noticed.
Json files_json(const std::vector<std::string>& paths) {
  Json files = Json::array();
  for (const std::string& path : paths) {
    const io::FileStatus status = io::status_of(path);
    if (!status.exists) throw Error("there is no such file", path);
    const std::string name = io::canonical_path(path);
    files.push_back(status.is_directory ? name
                                        : name + ", " + format_count(status.size) + " bytes");
  }
  return files;
}

// What is told with a part, or with each cell (see compare_machine.h).
bool stands_elsewhere(const Option& option, const std::set<std::string>& of_encoders) {
  return is_about_keeping(option) || of_encoders.contains(option.name) || option.name == "train" ||
         option.name == "threads";
}

// The key of the option that a flag such as --no-share-heads or --interaction=sum sets.
std::string key_of(const std::string& flag) {
  std::string key = flag.substr(flag.starts_with("--no-") ? 5 : 2);
  key.resize(std::min(key.find('='), key.size()));
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

// Without what variants of an encoder differ in.
Json encoders_json(const CompareOptions& options, const ComparePlan& plan) {
  Json encoders = Json::object();
  for (const learn::Variant& variant : plan.variants) {
    model::ModelConfig config = options.train.model;
    config.encoder.encoder = variant.encoder;
    config::OptionSet own;
    config.choices().describe(own);
    encoders[variant.encoder] = own.to_json();
  }
  for (const learn::Variant& variant : plan.variants) {
    for (const std::string& flag : variant.flags) encoders[variant.encoder].erase(key_of(flag));
  }
  return encoders;
}

}  // namespace

Json value_of(const Option& option) {
  Json value = option.get_json();
  if (!names_files(option)) return value;
  const auto make_canonical = [&](Json& one) {
    const std::string path = one.get<std::string>();
    if (!path.empty() && !is_word_of(option, path)) one = io::canonical_path(path);
  };
  if (value.is_string()) make_canonical(value);
  if (value.is_array()) std::for_each(value.begin(), value.end(), make_canonical);
  return value;
}

Json told_by(const CompareOptions& options, const ComparePlan& plan,
             const std::vector<Option>& given, const std::set<std::string>& of_encoders) {
  Json told = {{"version", kVersion}};
  for (const Option& option : given) {
    if (!stands_elsewhere(option, of_encoders)) told[option.name] = value_of(option);
  }
  if (told.contains("valid")) told["valid"] = files_json(options.train.files.valid);
  told["rows"] = Json::object();
  if (!options.test.empty()) {
    told["rows"]["train"] = files_json(options.train.files.train);
    told["rows"]["test"] = files_json(options.test);
  }
  told["sweep"] = Json::object();
  if (options.sweeps()) told["sweep"]["sweep-tokens"] = options.sweep_tokens;
  told["encoders"] = encoders_json(options, plan);
  return told;
}

}  // namespace fastformer::apps
