// The labels of a corpus and their numbers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fastformer::data {

// Distinct labels in their order: by value when all are numbers, else by bytes.
std::vector<std::string> in_label_order(std::vector<std::string> labels);

// Finds the number of a label: its place in a list of labels.
class LabelIndex {
 public:
  // Throws when a label occurs twice.
  explicit LabelIndex(std::span<const std::string> labels);

  // 0-based, or -1 for a label that is not in the list.
  int find(std::string_view label) const;

 private:
  std::unordered_map<std::string, int> numbers_;
};

}  // namespace fastformer::data
