// Sorting and looking up labels.
#include "data/labels.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/strings.h"

namespace fastformer::data {
namespace {

// Sorts by value and equal values by bytes; false when a label is not a finite number.
bool sort_as_numbers(std::vector<std::string>& labels) {
  std::vector<std::pair<double, std::string>> numbered;
  for (const std::string& label : labels) {
    const auto value = parse_double(label);
    if (!value || !std::isfinite(*value)) return false;
    numbered.emplace_back(*value, label);
  }
  std::sort(numbered.begin(), numbered.end());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = std::move(numbered[i].second);
  return true;
}

}  // namespace

std::vector<std::string> in_label_order(std::vector<std::string> labels) {
  if (!sort_as_numbers(labels)) std::sort(labels.begin(), labels.end());
  return labels;
}

LabelIndex::LabelIndex(std::span<const std::string> labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!numbers_.emplace(labels[i], static_cast<int>(i)).second) {
      throw Error("the label \"" + printable(labels[i]) + "\" is listed twice");
    }
  }
}

int LabelIndex::find(std::string_view label) const {
  const auto found = numbers_.find(std::string(label));
  return found == numbers_.end() ? -1 : found->second;
}

}  // namespace fastformer::data
