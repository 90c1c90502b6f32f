// Counts answered rows.
#include "metrics/selective.h"

#include <fastformer/error.h>

#include <string>

namespace fastformer::metrics {

SelectiveResult selective_result(std::span<const int> truth, std::span<const int> predicted,
                                 std::span<const double> score, double min_score) {
  if (truth.size() != predicted.size() || truth.size() != score.size()) {
    throw Error(std::to_string(predicted.size()) + " predictions and " +
                std::to_string(score.size()) + " scores for " + std::to_string(truth.size()) +
                " rows");
  }
  if (truth.empty()) throw Error("there are no rows to score");
  SelectiveResult result;
  result.rows = static_cast<std::int64_t>(truth.size());
  std::int64_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!(score[i] >= min_score)) continue;
    ++result.answered;
    right += truth[i] == predicted[i];
  }
  result.coverage = static_cast<double>(result.answered) / static_cast<double>(result.rows);
  if (result.answered > 0) {
    result.accuracy = static_cast<double>(right) / static_cast<double>(result.answered);
  }
  return result;
}

}  // namespace fastformer::metrics
