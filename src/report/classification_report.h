// How well labels were predicted, for people and for programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/options.h"
#include "metrics/classification.h"

namespace fastformer::report {

// A line of a table of scores.
struct ScoreRow {
  std::string name;
  metrics::Scores scores;
  std::int64_t support = 0;
};

// Precision, recall and F1 of every row, then of the averages.
std::string score_table(std::span<const ScoreRow> rows, std::span<const ScoreRow> averages);
// {"precision", "recall", "f1"}
config::Json scores_json(const metrics::Scores& scores);
// {label: {"precision", "recall", "f1", "support"}}
config::Json per_class_json(std::span<const metrics::ClassResult> classes,
                            std::span<const std::string> labels);

// In all that follows `labels` are the names of the result's classes.

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
