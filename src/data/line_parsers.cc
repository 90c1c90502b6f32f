// fastText labels, and lines as they are.
#include "data/line_parsers.h"

#include <algorithm>

#include "base/strings.h"

namespace fastformer::data {

bool FastTextParser::is_blank(std::string_view row) const { return trim(row).empty(); }

std::string FastTextParser::parse(std::string_view row, Record& record,
                                  text::RepairCounts& repairs) const {
  std::string_view rest = trim(row);
  std::vector<std::string> labels;
  while (rest.starts_with(kLabelPrefix)) {
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    labels.emplace_back(rest.substr(kLabelPrefix.size(), end - kLabelPrefix.size()));
    rest = trim(rest.substr(end));
  }
  record.text = text::repair_text(rest, repairs);
  if (rule_.target == Target::kMulti || labels.size() > 1) {
    return set_label_list(labels, rule_, record, repairs);
  }
  if (labels.empty()) {
    if (!rule_.needed) return "";
    const bool is_open = rule_.target == Target::kAuto;
    return std::string("does not begin with __label__") +
           (is_open ? " (rows may have none with --target multi)" : "");
  }
  return set_one_label(labels[0], rule_, record, repairs);
}

std::string LineParser::parse(std::string_view row, Record& record,
                              text::RepairCounts& repairs) const {
  record.text = text::repair_text(row, repairs);
  return "";
}

}  // namespace fastformer::data
