// One label, separated labels and JSON arrays.
#include "data/label_field.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "data/json_row.h"
#include "data/soft_label_field.h"

namespace fastformer::data {
namespace {

using Json = nlohmann::json;

std::vector<std::string> parted(std::string_view field, const std::string& separator) {
  std::vector<std::string> labels;
  while (true) {
    const std::size_t end = field.find(separator);
    const std::string_view label = trim(field.substr(0, end));
    if (!label.empty()) labels.emplace_back(label);
    if (end == std::string_view::npos) return labels;
    field.remove_prefix(end + separator.size());
  }
}

// Adds what an array holds to `labels`; the reason when it is no list of labels.
std::string read_array(const Json& array, std::vector<std::string>& labels) {
  for (const Json& element : array) {
    if (element.is_structured() || element.is_null()) {
      return "the list of labels holds " + printable(element.dump(), 40) + ", which is no label";
    }
    labels.push_back(element.is_string() ? element.get<std::string>() : element.dump());
    if (trim(labels.back()).empty()) return "the list of labels holds an empty label";
  }
  return "";
}

// Whether a field that is to hold labels holds shares of them, written out. Lists are looked at
// where they are read.
bool holds_distribution(std::string_view field, Target target) {
  const bool may = field.starts_with('{') || (target == Target::kSingle && field.starts_with('['));
  return may && looks_like_distribution(parse_shallow(field));
}

}  // namespace

std::string set_one_label(std::string_view raw, const LabelRule& rule, Record& record,
                          text::RepairCounts& repairs) {
  record.label = trim(text::repair_text(raw, repairs));
  record.has_label = !record.label.empty();
  return std::string(record.has_label || !rule.needed ? "" : kEmptyLabel);
}

std::string set_label_list(const std::vector<std::string>& labels, const LabelRule& rule,
                           Record& record, text::RepairCounts& repairs) {
  if (rule.target == Target::kSingle) {
    return rule.needed ? "has a list of labels, where one label is wanted" : "";
  }
  for (const std::string& raw : labels) {
    std::string label(trim(text::repair_text(raw, repairs)));
    const bool is_new =
        std::find(record.labels.begin(), record.labels.end(), label) == record.labels.end();
    if (is_new && !label.empty()) record.labels.push_back(std::move(label));
  }
  record.has_list = true;
  record.has_label = true;
  return "";
}

std::string set_labels(std::string_view raw, const LabelRule& rule, Record& record,
                       text::RepairCounts& repairs) {
  if (rule.target == Target::kSoft) return set_soft_labels(std::string(raw), record, repairs);
  if (rule.needed && holds_distribution(trim(raw), rule.target)) {
    return std::string(kDistributionLabel);
  }
  if (rule.target == Target::kSingle) return set_one_label(raw, rule, record, repairs);
  const std::string field(trim(text::repair_text(raw, repairs)));
  if (field.starts_with('[') && Json::accept(field)) {
    return set_labels_from_json(field, rule, record, repairs);
  }
  if (!rule.separator.empty()) {
    return set_label_list(parted(field, rule.separator), rule, record, repairs);
  }
  if (rule.target == Target::kAuto) return set_one_label(field, rule, record, repairs);
  return set_label_list({field}, rule, record, repairs);
}

std::string set_labels_from_json(const std::string& json, const LabelRule& rule, Record& record,
                                 text::RepairCounts& repairs) {
  if (rule.target == Target::kSoft) return set_soft_labels(json, record, repairs);
  const Json value = parse_shallow(json);
  if (rule.needed && looks_like_distribution(value)) return std::string(kDistributionLabel);
  std::vector<std::string> labels;
  std::string reason = "the label is an object, where a label or a list of labels is wanted";
  if (value.is_array()) reason = read_array(value, labels);
  if (!reason.empty()) return rule.needed ? reason : "";
  return set_label_list(labels, rule, record, repairs);
}

}  // namespace fastformer::data
