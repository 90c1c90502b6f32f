// Numbers of labels, and their matrix.
#include "data/targets.h"

namespace fastformer::data {

void Targets::add(std::span<const std::int32_t> labels, std::span<const float> shares) {
  labels_.insert(labels_.end(), labels.begin(), labels.end());
  if (shares.empty()) {
    shares_.resize(labels_.size(), 1);
  } else {
    shares_.insert(shares_.end(), shares.begin(), shares.end());
  }
  for (const float share : shares) is_soft_ = is_soft_ || share != 1;
  offsets_.push_back(labels_.size());
}

void Targets::append(const Targets& more) {
  for (std::size_t i = 0; i < more.size(); ++i) add(more.of(i), more.shares_of(i));
}

std::vector<float> Targets::dense(std::size_t label_count) const {
  std::vector<float> matrix(size() * label_count, 0);
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t n = 0; n < of(i).size(); ++n) {
      matrix[i * label_count + static_cast<std::size_t>(of(i)[n])] = shares_of(i)[n];
    }
  }
  return matrix;
}

std::span<const std::string> labels_of(const Record& record) {
  if (record.has_list) return record.labels;
  return {&record.label, record.has_label ? 1U : 0U};
}

}  // namespace fastformer::data
