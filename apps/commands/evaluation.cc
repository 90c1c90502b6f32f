// Runs a model over labelled rows.
#include "commands/evaluation.h"

#include <fastformer/error.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "learn/tasks/classification.h"

namespace fastformer::apps {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<data::Record> read_rows(LoadedClassifier& classifier,
                                    const std::vector<std::string>& files,
                                    const data::CorpusOptions& corpus) {
  data::ReadReport report;
  std::vector<data::Record> records =
      data::read_corpus(files, corpus, /*needs_label=*/true, classifier.parallel_for(), &report);
  for (const std::string& line : report.summary()) log_info(line);
  if (records.empty()) throw Error("there are no rows", files[0]);
  return records;
}

// Numbers labels: the model's as it has them, others after them as they come.
class LabelNumbers {
 public:
  explicit LabelNumbers(std::vector<std::string>& labels) : labels_(labels) {
    for (const std::string& label : labels_) number_of(label, numbers_.size());
  }

  int number_of(const std::string& label) {
    const int number = number_of(label, labels_.size());
    if (number == static_cast<int>(labels_.size())) labels_.push_back(label);
    return number;
  }

 private:
  int number_of(const std::string& label, std::size_t otherwise) {
    return numbers_.emplace(label, static_cast<int>(otherwise)).first->second;
  }

  std::vector<std::string>& labels_;
  std::unordered_map<std::string, int> numbers_;
};

void warn(const Evaluation& evaluation) {
  if (evaluation.unknown > 0) {
    log_warning(format_count(evaluation.unknown) +
                " rows have a label that the model does not know");
  }
  if (evaluation.truncated > 0) {
    log_warning(format_count(evaluation.truncated) + " documents were truncated");
  }
}

}  // namespace

Evaluation evaluate_rows(LoadedClassifier& classifier, const std::vector<std::string>& files,
                         const data::CorpusOptions& corpus) {
  std::vector<data::Record> records = read_rows(classifier, files, corpus);
  const Clock::time_point start = Clock::now();
  Evaluation evaluation;
  std::vector<std::string> texts;
  for (data::Record& record : records) texts.push_back(std::move(record.text));
  const std::vector<ClassifierInput> documents =
      classifier.encode(texts, [&](std::size_t i) { return data::place_of(records[i], files); });
  const std::vector<float> logits = classifier.logits(documents);
  evaluation.seconds = std::chrono::duration<double>(Clock::now() - start).count();

  evaluation.labels = classifier.config().labels;
  const std::size_t known = evaluation.labels.size();
  LabelNumbers numbers(evaluation.labels);
  std::vector<std::int64_t> known_truth;
  for (std::size_t i = 0; i < records.size(); ++i) {
    evaluation.truncated += documents[i].tokens.truncated();
    evaluation.tokens += static_cast<std::int64_t>(documents[i].tokens.ids.size());
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * known);
    evaluation.predicted.push_back(
        static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(known)) - row));
    const int truth = numbers.number_of(records[i].label);
    evaluation.truth.push_back(truth);
    known_truth.push_back(truth < static_cast<int>(known) ? truth : -1);
    evaluation.unknown += known_truth.back() < 0;
  }
  evaluation.loss = learn::score_logits(logits, known_truth, known).loss;
  warn(evaluation);
  return evaluation;
}

}  // namespace fastformer::apps
