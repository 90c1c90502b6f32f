// What abstaining brings: how many rows are still answered, and how well.
#pragma once

#include <cstdint>
#include <span>

namespace fastformer::metrics {

struct SelectiveResult {
  std::int64_t rows = 0;      // all
  std::int64_t answered = 0;  // rows whose score is at least the least one
  double coverage = 0;        // their share
  double accuracy = 0;        // share of the answered rows that are right; 0 when there are none
};

// A model that answers where its score is at least `min_score`; an entry per row in all three.
// Throws an Error on no rows and on lists of different sizes.
SelectiveResult selective_result(std::span<const int> truth, std::span<const int> predicted,
                                 std::span<const double> score, double min_score);

}  // namespace fastformer::metrics
