// Percentiles of counted lengths.
#include "data/length_histogram.h"

namespace fastformer::data {

double LengthHistogram::mean() const {
  return documents_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(documents_);
}

std::int64_t LengthHistogram::percentile(double share) const {
  const double wanted = share * static_cast<double>(documents_);
  std::int64_t seen = 0;
  for (const auto& [length, count] : counts_) {
    seen += count;
    if (static_cast<double>(seen) >= wanted) return length;
  }
  return counts_.empty() ? 0 : counts_.rbegin()->first;
}

}  // namespace fastformer::data
