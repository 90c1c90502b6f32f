// Labelled rows and what a model makes of them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "commands/classifier_input.h"
#include "commands/model_use.h"
#include "report/reliability.h"

namespace fastformer::apps {

// Rows that a model has read.
struct LabelledRows {
  std::vector<data::Record> records;
  std::vector<float> logits;   // [records, labels]
  std::int64_t truncated = 0;  // rows
  std::int64_t tokens = 0;
  double seconds = 0;  // from text to logits
};

// Reads the files and runs the model on their rows, whose labels are of the model's kind. Logs what
// was read and what is unusual.
LabelledRows run_on_rows(LoadedClassifier& classifier, const std::vector<std::string>& files,
                         data::CorpusOptions corpus);

// Numbers labels: the model's as it has them, others after them as they come.
class LabelNumbers {
 public:
  // `labels` holds the model's; others are added to it.
  explicit LabelNumbers(std::vector<std::string>& labels);
  int number_of(const std::string& label);

 private:
  int number_of(const std::string& label, std::size_t otherwise);

  std::vector<std::string>& labels_;
  std::unordered_map<std::string, int> numbers_;
};

// Truth and predictions over all rows, by a model that gives one label; labels of the rows that the
// model lacks come after its own.
struct Evaluation {
  std::vector<std::string> labels;
  std::vector<int> truth, predicted;
  std::vector<double> score;   // probability of the prediction
  std::vector<double> margin;  // the same, less the second label's probability
  report::ScoreReport scores;
  std::int64_t unknown = 0;  // rows with a label that the model lacks
};

// Warns of `rows` rows, if there are any, whose labels begin at `known` in `labels`.
void warn_of_unknown(std::int64_t rows, const std::vector<std::string>& labels, std::size_t known);

Evaluation evaluate_rows(const LabelledRows& rows, const model::ModelConfig& config);

}  // namespace fastformer::apps
