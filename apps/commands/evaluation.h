// Labelled rows and what a model makes of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/classifier_input.h"
#include "commands/model_use.h"
#include "report/reliability.h"

namespace fastformer::apps {

// Truth and predictions over all rows; labels of the rows that the model lacks come after its own.
struct Evaluation {
  std::vector<std::string> labels;
  std::vector<data::Record> records;
  std::vector<int> truth, predicted;
  std::vector<double> score;   // probability of the prediction
  std::vector<double> margin;  // the same, less the second label's probability
  report::ScoreReport scores;
  std::int64_t unknown = 0;    // rows with a label that the model lacks
  std::int64_t truncated = 0;  // rows
  std::int64_t tokens = 0;
  double seconds = 0;  // from text to logits
};

// Reads the files and labels their rows. Logs what was read and what is unusual.
Evaluation evaluate_rows(LoadedClassifier& classifier, const std::vector<std::string>& files,
                         const data::CorpusOptions& corpus);

}  // namespace fastformer::apps
