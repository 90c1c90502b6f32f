// Counts of agreeing labels.
#include "metrics/multi_label.h"

#include <fastformer/error.h>

#include <algorithm>
#include <string>

namespace fastformer::metrics {
namespace {

void check(const LabelSets& sets, int classes) {
  for (std::size_t row = 0; row < sets.size(); ++row) {
    for (const int label : sets[row]) {
      if (label >= 0 && label < classes) continue;
      throw Error("label " + std::to_string(label) + " is not one of the " +
                      std::to_string(classes) + " labels",
                  "row " + std::to_string(row + 1));
    }
  }
}

}  // namespace

MultiLabelResult multi_label_result(const LabelSets& truth, const LabelSets& predicted,
                                    int classes) {
  if (truth.size() != predicted.size()) {
    throw Error(std::to_string(predicted.size()) + " predictions for " +
                std::to_string(truth.size()) + " rows");
  }
  if (truth.empty()) throw Error("there are no rows to score");
  check(truth, classes);
  check(predicted, classes);
  MultiLabelResult result;
  result.rows = static_cast<std::int64_t>(truth.size());
  result.classes.resize(static_cast<std::size_t>(std::max(classes, 0)));
  const auto of = [&](int label) -> ClassResult& {
    return result.classes[static_cast<std::size_t>(label)];
  };
  for (std::size_t row = 0; row < truth.size(); ++row) {
    for (const int label : truth[row]) ++of(label).support;
    for (const int label : predicted[row]) {
      ++of(label).predicted;
      of(label).correct += std::binary_search(truth[row].begin(), truth[row].end(), label);
    }
    result.exact += truth[row] == predicted[row];
  }
  const auto rows = static_cast<double>(result.rows);
  result.exact /= rows;
  const ClassResult total = average_classes(result.classes, result.macro, result.weighted);
  result.micro = total.scores;
  result.labels_per_row = static_cast<double>(total.support) / rows;
  result.predicted_per_row = static_cast<double>(total.predicted) / rows;
  return result;
}

double precision_at(int k, const LabelSets& truth, const std::vector<std::vector<int>>& ranked) {
  if (k < 1) throw Error("precision at " + std::to_string(k) + " has no meaning");
  if (truth.size() != ranked.size()) throw Error("ranked labels are needed of every row");
  std::int64_t right = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const std::size_t most = std::min(ranked[row].size(), static_cast<std::size_t>(k));
    for (std::size_t i = 0; i < most; ++i) {
      right += std::binary_search(truth[row].begin(), truth[row].end(), ranked[row][i]);
    }
  }
  const double asked = static_cast<double>(k) * static_cast<double>(truth.size());
  return truth.empty() ? 0 : static_cast<double>(right) / asked;
}

}  // namespace fastformer::metrics
