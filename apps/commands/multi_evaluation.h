// Labelled rows and what a model that gives several labels makes of them.
#pragma once

#include <string>
#include <vector>

#include "commands/evaluation.h"
#include "metrics/multi_label.h"

namespace fastformer::apps {

// Labels of the rows that the model lacks come after its own; they count as missed.
struct MultiEvaluation {
  std::vector<std::string> labels;
  metrics::LabelSets truth, predicted;   // by number
  std::vector<std::vector<int>> ranked;  // of each row the five most probable labels
  std::vector<double> score;   // probability that the set is right, if labels come independently
  std::vector<double> margin;  // how far the nearest label's score is from its threshold
  metrics::MultiLabelResult result;
  report::ScoreReport scores;  // over every label of every row
  std::int64_t unknown = 0;    // rows with a label that the model lacks
  bool knows_none = true;      // of the labels of all rows
};

MultiEvaluation evaluate_multi(const LabelledRows& rows, const model::ModelConfig& config);

}  // namespace fastformer::apps
