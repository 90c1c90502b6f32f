// How well labels were predicted, for people and for programs.
#pragma once

#include <span>
#include <string>

#include "config/options.h"
#include "metrics/classification.h"

namespace fastformer::report {

// In all of them `labels` are the names of the result's classes.

// Precision, recall and F1 of every label, then their averages.
std::string class_table(const metrics::ClassificationResult& result,
                        std::span<const std::string> labels);

// A matrix of rows by truth and columns by prediction; with more than 12 labels the most frequent
// confusions instead.
std::string confusion_table(const metrics::ClassificationResult& result,
                            std::span<const std::string> labels);

// {"examples", "accuracy", "macro_f1", "micro_f1", "weighted_f1", "macro", "micro", "weighted",
//  "labels", "per_class": {label: {"precision", "recall", "f1", "support"}},
//  "confusion": [{"truth", "predicted", "count"}]}
config::Json classification_json(const metrics::ClassificationResult& result,
                                 std::span<const std::string> labels);

}  // namespace fastformer::report
