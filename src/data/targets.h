// The labels of documents by number, end to end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/record.h"

namespace fastformer::data {

// A document has one label, any number of labels, shares of labels, or (of labels that a model does
// not have) fewer than it was given.
class Targets {
 public:
  std::size_t size() const { return offsets_.size() - 1; }
  std::span<const std::int32_t> of(std::size_t document) const {
    return {labels_.data() + offsets_[document], offsets_[document + 1] - offsets_[document]};
  }

  // The share of each of a document's labels: 1 where they are not parts of a distribution.
  std::span<const float> shares_of(std::size_t document) const {
    return {shares_.data() + offsets_[document], offsets_[document + 1] - offsets_[document]};
  }
  // Whether some share is not 1.
  bool is_soft() const { return is_soft_; }

  // Adds a document; without shares they are 1.
  void add(std::span<const std::int32_t> labels, std::span<const float> shares = {});
  void add_one(std::int32_t label) { add({&label, 1}); }
  void append(const Targets& more);

  // The shares of a document's labels, 0 for the others: [documents, label_count], row-major.
  std::vector<float> dense(std::size_t label_count) const;

 private:
  std::vector<std::int32_t> labels_;
  std::vector<float> shares_;
  bool is_soft_ = false;
  std::vector<std::size_t> offsets_ = {0};
};

// A record's labels: those of its list, its one label, or none without any.
std::span<const std::string> labels_of(const Record& record);

}  // namespace fastformer::data
