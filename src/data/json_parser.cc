// Choice of keys, then text, label, id and group from their values.
#include "data/json_parser.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "data/columns.h"
#include "data/label_field.h"

namespace fastformer::data {
namespace {

using Kind = JsonValue::Kind;

// Reads the values of a repaired line, mending lone surrogates when that is all that is wrong.
std::string read_mended(const std::string& line, const std::vector<std::string>& keys,
                        std::vector<JsonValue>& values, text::RepairCounts& repairs) {
  std::string reason = read_object(line, keys, values);
  if (reason.empty()) return reason;
  std::int64_t lone = 0;
  const std::string mended = without_lone_surrogates(line, lone);
  if (lone == 0 || !read_object(mended, keys, values).empty()) return reason;
  repairs.surrogates += lone;
  return "";
}

std::string missing_reason(const std::string& line, const std::string& key) {
  std::vector<std::string> keys;
  read_keys(line, keys);
  std::string reason = "has no key \"" + printable(key) + "\"";
  if (const auto near = nearest(key, keys)) return reason + " but \"" + printable(*near) + "\"";
  return keys.empty() ? reason : reason + "; its keys are " + printable(join(keys, ", "), 200);
}

}  // namespace

JsonParser::JsonParser(const CorpusOptions& options, bool needs_label, std::string where)
    : options_(options), needs_label_(needs_label), where_(std::move(where)) {}

RowParser::Begin JsonParser::begin(std::string_view first_row) {
  text::RepairCounts uncounted;
  const std::string line = text::repair_text(first_row, uncounted);
  std::int64_t lone = 0;
  std::vector<std::string> present;
  if (!read_keys(without_lone_surrogates(line, lone), present).empty()) return Begin::kBadRow;
  keys_ = options_.text_columns();
  std::vector<std::string> named = keys_;
  for (const auto* name : {&options_.label_column, &options_.id_column, &options_.group_column}) {
    if (!name->empty()) named.push_back(*name);
  }
  // A key that the user names may be missing in one object: the row is at fault then.
  for (const std::string& name : named) {
    if (std::find(present.begin(), present.end(), name) == present.end()) present.push_back(name);
  }
  const Columns columns = columns_of_keys(present, options_, needs_label_, where_);
  if (keys_.empty()) {
    for (const std::size_t column : columns.text) keys_.push_back(present[column]);
  }
  text_keys_ = keys_.size();
  const auto add = [&](std::optional<std::size_t> column) -> std::optional<std::size_t> {
    if (!column) return std::nullopt;
    keys_.push_back(present[*column]);
    return keys_.size() - 1;
  };
  label_ = add(columns.label);
  id_ = add(columns.id);
  group_ = add(columns.group);
  return Begin::kReady;
}

std::string JsonParser::read_labels(const std::string& line, const JsonValue& value, Record& record,
                                    text::RepairCounts& repairs) const {
  const LabelRule rule(options_, needs_label_);
  if (value.kind == Kind::kNested) {
    return set_labels_from_json(nested_value(line, keys_[*label_]), rule, record, repairs);
  }
  if (value.kind == Kind::kText) return set_labels(value.text, rule, record, repairs);
  if (!needs_label_) return "";
  if (rule.target == Target::kSoft) return "the distribution is null";
  return rule.target == Target::kMulti ? "the label is null; a document without labels has []"
                                       : std::string(kEmptyLabel);
}

bool JsonParser::is_blank(std::string_view row) const { return trim(row).empty(); }

std::string JsonParser::parse(std::string_view row, Record& record,
                              text::RepairCounts& repairs) const {
  const std::string line = text::repair_text(row, repairs);
  std::vector<JsonValue> values;
  std::string reason = read_mended(line, keys_, values, repairs);
  if (!reason.empty()) return reason;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool is_optional = label_ == i && !needs_label_;
    if (values[i].kind == Kind::kMissing && !is_optional) return missing_reason(line, keys_[i]);
    if (values[i].kind == Kind::kNested && label_ != i) {
      return "the value of \"" + printable(keys_[i]) + "\" is a list or an object";
    }
  }
  std::string text;
  for (std::size_t i = 0; i < text_keys_; ++i) {
    if (!text.empty() && !values[i].text.empty()) text += ' ';
    text += values[i].text;
  }
  record.text = text::repair_text(text, repairs);
  if (id_) record.id = text::repair_text(values[*id_].text, repairs);
  if (group_) record.group = text::repair_text(values[*group_].text, repairs);
  return label_ ? read_labels(line, values[*label_], record, repairs) : "";
}

}  // namespace fastformer::data
