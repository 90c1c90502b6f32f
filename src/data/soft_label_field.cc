// Objects and lists of labels with shares.
#include "data/soft_label_field.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "data/json_row.h"

namespace fastformer::data {
namespace {

using Json = nlohmann::json;

// Whether an entry of a list is a label with its share, as fastformer predict writes it.
bool is_scored_label(const Json& entry) {
  return entry.is_object() && entry.contains("label") && entry.contains("score") &&
         entry["label"].is_string();
}

// Adds a label's share; the reason when it is none.
std::string add_share(const std::string& raw, const Json& share, Record& record,
                      text::RepairCounts& repairs) {
  const std::string label(trim(text::repair_text(raw, repairs)));
  if (label.empty()) return "the distribution has an empty label";
  const double value = share.is_number() ? share.get<double>() : -1;
  if (!(value >= 0 && value <= 1 + kShareTolerance)) {
    return "the share of \"" + printable(label, 40) + "\" is " + printable(share.dump(), 40) +
           ", not a number from 0 to 1";
  }
  if (value == 0) return "";
  const auto at = std::find(record.labels.begin(), record.labels.end(), label);
  if (at == record.labels.end()) {
    record.labels.push_back(label);
    record.shares.push_back(static_cast<float>(value));
  } else {
    record.shares[static_cast<std::size_t>(at - record.labels.begin())] +=
        static_cast<float>(value);
  }
  return "";
}

std::string read_shares(const Json& value, Record& record, text::RepairCounts& repairs) {
  std::string reason;
  if (value.is_object()) {
    for (const auto& [label, share] : value.items()) {
      if (reason = add_share(label, share, record, repairs); !reason.empty()) return reason;
    }
    return "";
  }
  if (!value.is_array()) {
    return "the distribution is neither {\"label\": share, ...} nor a list of {\"label\": .., "
           "\"score\": ..}";
  }
  for (const Json& entry : value) {
    if (!is_scored_label(entry)) {
      return "the list holds " + printable(entry.dump(), 40) + ", not a label and a score";
    }
    reason = add_share(entry["label"].get<std::string>(), entry["score"], record, repairs);
    if (!reason.empty()) return reason;
  }
  return "";
}

}  // namespace

std::string set_soft_labels(const std::string& json, Record& record, text::RepairCounts& repairs) {
  const Json value = parse_shallow(json);
  if (value.is_discarded()) return "the distribution is not valid JSON";
  std::string reason = read_shares(value, record, repairs);
  if (!reason.empty()) return reason;
  double sum = 0;
  for (const float share : record.shares) sum += share;
  if (!(std::abs(sum - 1) <= kShareTolerance)) {
    return "the shares sum to " + format_fixed(sum, 4) +
           ", not to 1 (of a model's answers, predict --top-k 0 writes all; those of a model of "
           "several labels are no distribution)";
  }
  for (float& share : record.shares) share = static_cast<float>(share / sum);
  record.has_label = true;
  record.has_list = true;
  return "";
}

bool looks_like_distribution(const Json& value) {
  if (!value.is_structured() || value.empty()) return false;
  return std::all_of(value.begin(), value.end(), [&value](const Json& entry) {
    return value.is_object() ? entry.is_number() : is_scored_label(entry);
  });
}

}  // namespace fastformer::data
