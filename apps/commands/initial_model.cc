// Taking over of options and tensors.
#include "commands/initial_model.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "data/labels.h"
#include "model/schema.h"

namespace fastformer::apps {
namespace {

constexpr std::string_view kHead = "classifier.";

// Options that no tensor and no id depends on.
bool is_free(const std::string& name) { return name == "dropout" || name == "truncate"; }

// "a, b, c, ..."
std::string some_of(const std::vector<std::string>& labels) {
  constexpr std::size_t kShown = 5;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShown, labels.size()); ++i) {
    shown.push_back(printable(labels[i], 40));
  }
  return join(shown, ", ") + (labels.size() > kShown ? ", ..." : "");
}

std::vector<std::string> missing(const std::vector<std::string>& labels,
                                 const data::LabelIndex& index) {
  std::vector<std::string> result;
  for (const std::string& label : labels) {
    if (index.find(label) < 0) result.push_back(label);
  }
  return result;
}

}  // namespace

InitialModel::InitialModel(const std::string& folder) : folder_(model::ModelFolder::open(folder)) {
  if (folder_.config().quantized) {
    throw Error("has weights rounded to 8 bits, with which no training can go on", folder,
                "Give --init-from the model that it was made of");
  }
  if (!folder_.tokenizer()) {
    throw Error("has no tokenizer, and so no words to go on with", folder, "See --init-from");
  }
}

void InitialModel::adopt(const config::OptionSet& given, model::ModelConfig& config) const {
  model::ModelConfig own = folder_.config();
  config::OptionSet own_options, options;
  own.text.describe(own_options);
  own.describe_encoder(own_options);
  config.text.describe(options);
  config.describe_encoders(options);
  // A preset that was asked for counts as much as a flag.
  const config::Option* preset = given.find("preset");
  const bool has_preset = preset && preset->get_json() != "default";
  const config::Source strong = has_preset ? config::Source::kPreset : config::Source::kFile;
  config::Json values = config::Json::object();
  for (const config::Option& option : own_options.options()) {
    // Of a pretrained encoder there is no pooling yet.
    const bool is_new = option.name == "pooling" && folder_.config().labels.empty();
    if (is_free(option.name) || is_new) continue;
    const config::Option& asked = *given.find(option.name);
    // Whatever tokenizer there is, it is one that "auto" may stand for.
    const bool is_open = option.name == "tokenizer" && asked.get_json() == "auto";
    if (!is_open && asked.source >= strong && asked.get_json() != option.get_json()) {
      const std::string by = asked.source == config::Source::kPreset ? "preset" : option.name;
      throw usage_error("is " + option.get_json().dump() + " in " + folder_.path() +
                            ", from which the model goes on, but " + asked.get_json().dump() +
                            " is asked for",
                        "--" + option.name, "Leave one of --" + by + " and --init-from out");
    }
    values[option.name] = option.get_json();
  }
  options.apply_json(values, config::Source::kFlag, folder_.path());
}

at::Tensor InitialModel::tensor(const std::string& name) const {
  const std::vector<std::int64_t>& shape = folder_.tensors().tensor(name).shape;
  return at::tensor(folder_.tensors().floats(name)).view(shape);
}

bool InitialModel::is_copied(const std::string& name) const {
  return !name.starts_with(kHead) && folder_.tensors().contains(name);
}

void InitialModel::copy_into(const model::ModelConfig& config,
                             learn::Parameters& parameters) const {
  for (const std::string& name : parameters.names()) {
    if (is_copied(name)) parameters.set(name, tensor(name));
  }
  if (has_head_for(config)) copy_head(config, parameters);
}

bool InitialModel::has_head_for(const model::ModelConfig& config) const {
  return !folder_.config().labels.empty() && folder_.config().target == config.target;
}

void InitialModel::copy_head(const model::ModelConfig& config,
                             learn::Parameters& parameters) const {
  const at::Tensor old_weight = tensor("classifier.weight"), old_bias = tensor("classifier.bias");
  at::Tensor weight = parameters.at("classifier.weight").detach().clone();
  at::Tensor bias = parameters.at("classifier.bias").detach().clone();
  const data::LabelIndex old_index(folder_.config().labels);
  for (std::size_t i = 0; i < config.labels.size(); ++i) {
    const int old = old_index.find(config.labels[i]);
    if (old < 0) continue;
    weight[static_cast<std::int64_t>(i)].copy_(old_weight[old]);
    bias[static_cast<std::int64_t>(i)].copy_(old_bias[old]);
  }
  parameters.set("classifier.weight", weight);
  parameters.set("classifier.bias", bias);
}

void InitialModel::tell(const model::ModelConfig& config) const {
  const std::vector<model::TensorSpec> specs = model::tensors_of(config);
  const auto copied = std::count_if(specs.begin(), specs.end(),
                                    [this](const auto& spec) { return is_copied(spec.name); });
  log_info("goes on from " + folder_.path() + ": " + std::to_string(copied) + " tensors and " +
           format_count(folder_.config().vocabulary) + " words");
  if (has_head_for(config)) {
    tell_labels(config);
  } else if (!folder_.config().labels.empty()) {
    log_info("its head is left out: one model gives one label, the other several");
  }
}

void InitialModel::tell_labels(const model::ModelConfig& config) const {
  const std::vector<std::string>& own = folder_.config().labels;
  const std::vector<std::string> fresh = missing(config.labels, data::LabelIndex(own));
  const std::vector<std::string> gone = missing(own, data::LabelIndex(config.labels));
  log_info(format_count(static_cast<std::int64_t>(config.labels.size() - fresh.size())) +
           " of its labels go on" + (fresh.empty() ? "" : "; new ones: " + some_of(fresh)));
  if (!gone.empty()) log_warning("no row has its labels " + some_of(gone) + ": they are left out");
}

}  // namespace fastformer::apps
