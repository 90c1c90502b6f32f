// fastText labels, and lines as they are.
#include "data/line_parsers.h"

#include <algorithm>

#include "base/strings.h"
#include "data/record_fields.h"

namespace fastformer::data {

bool FastTextParser::is_blank(std::string_view row) const { return trim(row).empty(); }

std::string FastTextParser::parse(std::string_view row, Record& record,
                                  text::RepairCounts& repairs) const {
  std::string_view rest = trim(row);
  std::string_view label;
  int labels = 0;
  while (rest.starts_with(kLabelPrefix)) {
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    label = rest.substr(kLabelPrefix.size(), end - kLabelPrefix.size());
    rest = trim(rest.substr(end));
    ++labels;
  }
  record.text = text::repair_text(rest, repairs);
  if (labels > 1) {
    if (!needs_label_) return "";
    return "has " + std::to_string(labels) +
           " labels; several labels a document are not available yet";
  }
  if (labels == 0 && needs_label_) return "does not begin with __label__";
  return set_label(label, needs_label_, record, repairs);
}

std::string LineParser::parse(std::string_view row, Record& record,
                              text::RepairCounts& repairs) const {
  record.text = text::repair_text(row, repairs);
  return "";
}

}  // namespace fastformer::data
