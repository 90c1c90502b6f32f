// How well sets of labels agree with the true ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/classification.h"

namespace fastformer::metrics {

// Labels of rows, each row's ascending and distinct.
using LabelSets = std::vector<std::vector<int>>;

struct MultiLabelResult {
  std::int64_t rows = 0;
  double exact = 0;  // share of rows whose set is right
  Scores macro;      // mean over the labels that occur in the truth or in the predictions
  Scores micro;      // of the counts summed over labels
  Scores weighted;   // mean over labels, weighted by support
  std::vector<ClassResult> classes;
  double labels_per_row = 0;     // true ones, mean
  double predicted_per_row = 0;  // mean
};

// Compares two lists of sets of labels in [0, classes), one entry per row. Throws an Error on no
// rows, lists of different sizes, and labels out of range.
MultiLabelResult multi_label_result(const LabelSets& truth, const LabelSets& predicted,
                                    int classes);

// Precision at k: the mean over rows of how many of the k best labels are true, over k. `ranked`
// holds each row's best labels, the best first; where it has fewer than k, the rest counts as
// wrong.
double precision_at(int k, const LabelSets& truth, const std::vector<std::vector<int>>& ranked);

}  // namespace fastformer::metrics
