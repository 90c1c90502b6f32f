// How long documents are.
#pragma once

#include <cstdint>
#include <map>

namespace fastformer::data {

// Counts of every length that occurs; exact whatever the number of documents.
class LengthHistogram {
 public:
  void add(std::int64_t length, std::int64_t documents = 1) {
    if (documents == 0) return;
    counts_[length] += documents;
    documents_ += documents;
    sum_ += length * documents;
  }

  std::int64_t documents() const { return documents_; }
  double mean() const;
  // The smallest length that at least `share` of the documents do not exceed: the shortest for 0,
  // the longest for 1. 0 without documents.
  std::int64_t percentile(double share) const;

 private:
  std::map<std::int64_t, std::int64_t> counts_;
  std::int64_t documents_ = 0;
  std::int64_t sum_ = 0;
};

}  // namespace fastformer::data
