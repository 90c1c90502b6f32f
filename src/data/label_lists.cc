// Looks at the parts of labels.
#include "data/label_lists.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/strings.h"

namespace fastformer::data {
namespace {

std::vector<std::string> parts_of(const std::string& label, char separator) {
  std::vector<std::string> parts;
  for (const std::string& part : split(label, separator)) {
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

// Such as 4,75: with a comma or without.
bool are_numbers(std::span<const std::string> labels) {
  return std::all_of(labels.begin(), labels.end(), [](std::string label) {
    std::replace(label.begin(), label.end(), ',', '.');
    return parse_double(label).has_value();
  });
}

// What one sign does to the labels.
struct Parting {
  LabelLists found;
  std::size_t whole = 0;  // lists whose parts are all labels

  Parting(std::span<const std::string> labels, char separator) {
    const std::set<std::string> known(labels.begin(), labels.end());
    std::set<std::string> distinct;
    found.separator = separator;
    for (const std::string& label : labels) {
      const std::vector<std::string> parts = parts_of(label, separator);
      distinct.insert(parts.begin(), parts.end());
      if (parts.size() < 2) continue;
      if (found.lists++ == 0) found.example = label;
      whole += std::all_of(parts.begin(), parts.end(),
                           [&known](const std::string& part) { return known.contains(part); });
    }
    found.parts = static_cast<std::int64_t>(distinct.size());
  }

  bool is_likely(std::size_t labels) const {
    constexpr std::size_t kFewest = 2;  // one may be chance
    const auto lists = static_cast<std::size_t>(found.lists);
    if (found.separator == " ") return whole >= kFewest && 2 * whole > labels;
    const bool makes_few =
        2 * lists > labels && 2 * static_cast<std::size_t>(found.parts) <= labels;
    return makes_few || (whole >= kFewest && 2 * whole > lists);
  }
};

}  // namespace

std::string LabelLists::describe(std::int64_t labels) const {
  return format_count(lists) + " of " + format_count(labels) +
         (labels == 1 ? " label" : " labels") + " look like lists of " + format_count(parts) +
         (parts == 1 ? " label" : " labels") + ", such as \"" + printable(example, 40) + "\"";
}

std::optional<LabelLists> find_label_lists(std::span<const std::string> labels) {
  for (const char separator : {'|', ';', ',', ' '}) {
    if (separator == ',' && are_numbers(labels)) continue;
    const Parting parting(labels, separator);
    if (parting.is_likely(labels.size())) return parting.found;
  }
  return std::nullopt;
}

}  // namespace fastformer::data
