// Thresholds of the best F1 by a walk down the sorted scores.
#include "metrics/thresholds.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace fastformer::metrics {
namespace {

// A score and whether the label is true there.
using Scored = std::pair<double, bool>;

CommonThreshold best_threshold(std::vector<Scored>& scored) {
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.first != b.first ? a.first > b.first : a.second > b.second;
  });
  const auto positives =
      std::count_if(scored.begin(), scored.end(), [](const Scored& entry) { return entry.second; });
  CommonThreshold best;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    right += scored[i].second;
    const bool parts = i + 1 == scored.size() || scored[i + 1].first < scored[i].first;
    if (!parts) continue;
    const double f1 = 2 * static_cast<double>(right) /
                      (static_cast<double>(i + 1) + static_cast<double>(positives));
    if (f1 <= best.f1) continue;
    const double next = i + 1 < scored.size() ? scored[i + 1].first : scored[i].first;
    best = {scored[i].first + (next - scored[i].first) / 2, f1};
    if (best.threshold <= next) best.threshold = scored[i].first;  // neighbouring numbers
  }
  return best;
}

std::vector<Scored> column(MatrixView<const double> scores, MatrixView<const float> targets,
                           std::int64_t label) {
  std::vector<Scored> scored;
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    scored.emplace_back(scores(row, label), targets(row, label) > 0);
  }
  return scored;
}

}  // namespace

CommonThreshold fit_common_threshold(MatrixView<const double> scores,
                                     MatrixView<const float> targets) {
  if (scores.rows != targets.rows || scores.columns != targets.columns) {
    throw Error("the targets are not as many as the scores");
  }
  std::vector<Scored> all;
  for (std::int64_t label = 0; label < scores.columns; ++label) {
    const std::vector<Scored> scored = column(scores, targets, label);
    all.insert(all.end(), scored.begin(), scored.end());
  }
  return best_threshold(all);
}

std::vector<double> fit_thresholds(MatrixView<const double> scores,
                                   MatrixView<const float> targets) {
  const double common = fit_common_threshold(scores, targets).threshold;
  std::vector<double> thresholds;
  for (std::int64_t label = 0; label < scores.columns; ++label) {
    std::vector<Scored> scored = column(scores, targets, label);
    const auto positives = std::count_if(scored.begin(), scored.end(),
                                         [](const Scored& entry) { return entry.second; });
    thresholds.push_back(positives < kFewestPositives ? common : best_threshold(scored).threshold);
  }
  return thresholds;
}

}  // namespace fastformer::metrics
