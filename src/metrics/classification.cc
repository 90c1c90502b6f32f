// Counts agreements per class and averages them.
#include "metrics/classification.h"

#include <fastformer/error.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace fastformer::metrics {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Scores scores_of(const ClassResult& counts) {
  // F1 from counts: 2 TP / (2 TP + FP + FN), the harmonic mean without its 0/0.
  return {share(counts.correct, counts.predicted), share(counts.correct, counts.support),
          share(2 * counts.correct, counts.predicted + counts.support)};
}

void check_index(int index, std::int64_t classes, std::size_t example) {
  if (index < 0 || index >= classes) {
    throw Error("class " + std::to_string(index) + " is not one of the " + std::to_string(classes) +
                    " classes",
                "example " + std::to_string(example + 1));
  }
}

void add_scaled(Scores& sum, const Scores& scores, double factor) {
  sum.precision += factor * scores.precision;
  sum.recall += factor * scores.recall;
  sum.f1 += factor * scores.f1;
}

}  // namespace

ClassResult average_classes(std::vector<ClassResult>& classes, Scores& macro, Scores& weighted) {
  ClassResult total;
  std::int64_t occurring = 0;
  for (ClassResult& counts : classes) {
    counts.scores = scores_of(counts);
    total.support += counts.support;
    total.predicted += counts.predicted;
    total.correct += counts.correct;
    occurring += counts.support + counts.predicted > 0 ? 1 : 0;
  }
  for (const ClassResult& counts : classes) {
    add_scaled(macro, counts.scores, share(1, occurring));
    add_scaled(weighted, counts.scores, share(counts.support, total.support));
  }
  total.scores = scores_of(total);
  return total;
}

std::int64_t ClassificationResult::confused(int truth, int predicted) const {
  const auto before = [](const ConfusionCell& cell, const std::pair<int, int>& key) {
    return std::pair(cell.truth, cell.predicted) < key;
  };
  const std::pair key(truth, predicted);
  const auto at = std::lower_bound(confusion.begin(), confusion.end(), key, before);
  const bool found = at != confusion.end() && std::pair(at->truth, at->predicted) == key;
  return found ? at->count : 0;
}

ClassificationResult classification_result(std::span<const int> truth,
                                           std::span<const int> predicted, int classes) {
  if (truth.size() != predicted.size()) {
    throw Error(std::to_string(predicted.size()) + " predictions for " +
                std::to_string(truth.size()) + " examples");
  }
  if (truth.empty()) throw Error("there are no examples to score");
  ClassificationResult result;
  result.examples = static_cast<std::int64_t>(truth.size());
  result.classes.resize(static_cast<std::size_t>(std::max(classes, 0)));
  std::map<std::pair<int, int>, std::int64_t> cells;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    check_index(truth[i], classes, i);
    check_index(predicted[i], classes, i);
    ++result.classes[static_cast<std::size_t>(truth[i])].support;
    ++result.classes[static_cast<std::size_t>(predicted[i])].predicted;
    if (truth[i] == predicted[i]) ++result.classes[static_cast<std::size_t>(truth[i])].correct;
    ++cells[{truth[i], predicted[i]}];
  }
  for (const auto& [key, count] : cells) {
    result.confusion.push_back({key.first, key.second, count});
  }
  const ClassResult total = average_classes(result.classes, result.macro, result.weighted);
  result.micro = total.scores;
  result.accuracy = share(total.correct, total.support);
  return result;
}

}  // namespace fastformer::metrics
