// Labelled rows and what a model that gives several labels makes of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/evaluation.h"
#include "metrics/multi_label.h"

namespace fastformer::apps {

// What a model does that gives no label below a score.
struct AnswersAbove {
  metrics::MultiLabelResult result;
  std::int64_t rows = 0;  // with a label given
};

// Labels of the rows that the model lacks come after its own; they count as missed.
struct MultiEvaluation {
  std::vector<std::string> labels;
  metrics::LabelSets truth, predicted;   // by number
  std::vector<std::vector<int>> ranked;  // of each row the five most probable labels
  std::vector<double> score;   // probability that the set is right, if labels come independently
  std::vector<double> margin;  // how far the nearest label's score is from its threshold
  metrics::MultiLabelResult result;
  report::ScoreReport scores;         // over every label of every row
  std::int64_t unknown = 0;           // rows with a label that the model lacks
  bool knows_none = true;             // of the labels of all rows
  std::optional<AnswersAbove> above;  // where it is asked for
};

// With a min_score above 0 also what predict --min-score gives is measured.
MultiEvaluation evaluate_multi(const LabelledRows& rows, const model::ModelConfig& config,
                               double min_score = 0);

}  // namespace fastformer::apps
