// Numbers of labels, and their matrix.
#include "data/targets.h"

namespace fastformer::data {

void Targets::add(std::span<const std::int32_t> labels) {
  labels_.insert(labels_.end(), labels.begin(), labels.end());
  offsets_.push_back(labels_.size());
}

void Targets::append(const Targets& more) {
  for (std::size_t i = 0; i < more.size(); ++i) add(more.of(i));
}

std::vector<float> Targets::dense(std::size_t label_count) const {
  std::vector<float> matrix(size() * label_count, 0);
  for (std::size_t i = 0; i < size(); ++i) {
    for (const std::int32_t label : of(i)) {
      matrix[i * label_count + static_cast<std::size_t>(label)] = 1;
    }
  }
  return matrix;
}

std::span<const std::string> labels_of(const Record& record) {
  if (record.has_list) return record.labels;
  return {&record.label, record.has_label ? 1U : 0U};
}

std::int64_t add_known(std::span<const std::string> labels, const LabelIndex& index,
                       Targets& targets) {
  std::vector<std::int32_t> numbers;
  std::int64_t unknown = 0;
  for (const std::string& label : labels) {
    const int number = index.find(label);
    if (number >= 0) numbers.push_back(number);
    unknown += number < 0;
  }
  targets.add(numbers);
  return unknown;
}

}  // namespace fastformer::data
