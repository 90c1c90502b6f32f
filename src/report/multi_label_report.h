// How well sets of labels were predicted, for people and for programs.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/options.h"
#include "metrics/multi_label.h"

namespace fastformer::report {

// Precision at k, for each k that was measured.
using PrecisionAt = std::vector<std::pair<int, double>>;

// Precision, recall and F1 of every label that occurs, then their averages. `labels` are the names
// of the result's classes.
std::string multi_label_table(const metrics::MultiLabelResult& result,
                              std::span<const std::string> labels);

// Lines with the exact matches, precision at k and labels per row.
std::string multi_label_summary(const metrics::MultiLabelResult& result,
                                const PrecisionAt& precision);

// {"examples", "exact_match", "micro_f1", "macro_f1", "weighted_f1", "micro", "macro", "weighted",
//  "precision_at": {"1", ..}, "labels_per_row", "predicted_per_row", "labels",
//  "per_class": {label: {"precision", "recall", "f1", "support"}}}
config::Json multi_label_json(const metrics::MultiLabelResult& result,
                              std::span<const std::string> labels, const PrecisionAt& precision);

}  // namespace fastformer::report
