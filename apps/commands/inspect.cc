// fastformer inspect: what a model folder holds.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"
#include "commands/commands.h"
#include "model/folder.h"
#include "model/safetensors.h"
#include "report/table.h"

namespace fastformer::apps {
namespace {

constexpr std::size_t kLabelsShown = 20;

std::string range_text(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return format_fixed(numbers.front(), 3) + " to " + format_fixed(numbers.back(), 3) + ", median " +
         format_fixed(numbers[numbers.size() / 2], 3) + " (all with --json)";
}

// Words are shown as they are, numbers by their range, of what is nested how much there is.
std::string list_text(const config::Json& list) {
  const auto all = [&list](auto is_kind) {
    return std::all_of(list.begin(), list.end(),
                       [is_kind](const config::Json& value) { return (value.*is_kind)(); });
  };
  if (list.empty()) return "none";
  if (all(&config::Json::is_string)) return join(list.get<std::vector<std::string>>(), ", ");
  if (all(&config::Json::is_number)) return range_text(list.get<std::vector<double>>());
  return std::to_string(list.size()) + " (all with --json)";
}

std::string value_text(const config::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_array() ? list_text(value) : value.dump();
}

// Values of a JSON object as rows "key  value", those of objects in it too.
void add_section(report::Table& table, const std::string& name, const config::Json& section) {
  for (const auto& [key, value] : section.items()) {
    if (value.is_null()) continue;
    if (value.is_object()) {
      add_section(table, name + "." + key, value);
      continue;
    }
    table.add_row({name + "." + key, printable(value_text(value), 100)});
  }
}

void add_labels(report::Table& facts, const model::ModelConfig& config) {
  std::vector<std::string> shown;
  for (const std::string& label : config.labels) {
    if (shown.size() < kLabelsShown) shown.push_back(printable(label));
  }
  facts.add_row({"labels", std::to_string(config.labels.size()) + ": " + join(shown, ", ") +
                               (config.labels.size() > kLabelsShown ? ", ..." : "")});
  facts.add_row({"target", config.is_multi() ? "multi (any number of labels)" : "single"});
  if (!config.thresholds.empty()) facts.add_row({"thresholds", range_text(config.thresholds)});
  facts.add_row({"temperature", format_double(config.temperature)});
}

// How the two branches are mixed, where there are two and it is known. Of older models the metrics
// alone know it.
std::optional<double> encoder_share(const model::WideConfig& wide, const config::Json& metrics) {
  if (wide.knows_share()) return wide.encoder_share;
  const config::Json::json_pointer place("/branches/encoder_share");
  if (!metrics.is_object() || !metrics.contains(place) || !metrics[place].is_number()) return {};
  return metrics[place].get<double>();
}

std::string summary(const model::ModelFolder& folder) {
  const model::ModelConfig& config = folder.config();
  report::Table facts({{""}, {""}});
  facts.add_row({"task", config.task});
  facts.add_row({"encoder", config.encoder.encoder});
  facts.add_row({"parameters", format_count(folder.parameters())});
  facts.add_row({"vocabulary", format_count(config.vocabulary)});
  if (!config.is_pretrained_encoder()) add_labels(facts, config);
  const config::Json metrics = folder.metrics();
  if (const auto share = encoder_share(config.wide, metrics)) {
    facts.add_row({"encoder's share of the answer", format_fixed(100 * *share, 0) + " %"});
  }
  for (const auto& [name, section] : folder.config_document().items()) {
    if (section.is_object()) add_section(facts, name, section);
  }
  if (metrics.is_object()) add_section(facts, "metrics", metrics);
  return facts.text();
}

std::string tensor_list(const model::ModelFolder& folder) {
  report::Table table({{"tensor"}, {"type"}, {"shape"}, {"numbers", report::Align::kRight}});
  for (const std::string& name : folder.tensors().names()) {
    const model::TensorView& tensor = folder.tensors().tensor(name);
    table.add_row(
        {name, tensor.dtype, model::shape_text(tensor.shape), format_count(tensor.elements())});
  }
  return table.text();
}

}  // namespace

int run_inspect(Arguments arguments) {
  bool json = false, tensors = false;
  config::OptionSet options;
  options.add("json", &json, "print config.json and the parameter count as JSON")
      .add("tensors", &tensors, "list every tensor");
  std::vector<std::string> folders;
  if (parse_or_help(options, arguments, "usage: fastformer inspect DIR [OPTIONS]\n", 1, &folders)) {
    return kDone;
  }
  require(folders.empty() ? "" : folders[0], "the model folder");
  const model::ModelFolder folder = model::ModelFolder::open(folders[0]);
  if (json) {
    config::Json document = folder.config_document();
    document["parameters"] = folder.parameters();
    document["metrics"] = folder.metrics();
    print(document.dump(2) + "\n");
    return kDone;
  }
  print(summary(folder));
  if (tensors) print("\n" + tensor_list(folder));
  return kDone;
}

}  // namespace fastformer::apps
