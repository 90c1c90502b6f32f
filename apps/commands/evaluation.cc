// Runs a model over labelled rows.
#include "commands/evaluation.h"

#include <fastformer/error.h>

#include <chrono>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "metrics/calibration.h"
#include "metrics/temperature.h"
#include "model/decision.h"

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

// What the model says of a row.
void add_prediction(std::span<const float> logits, double temperature, Evaluation& evaluation) {
  const std::vector<model::Ranked> ranked = model::decide(logits, 2, temperature).ranked;
  const double second = ranked.size() > 1 ? ranked[1].score : 0;
  evaluation.predicted.push_back(ranked[0].label);
  evaluation.score.push_back(ranked[0].score);
  evaluation.margin.push_back(ranked[0].score - second);
}

// Mean Brier score over the rows whose label is not -1; 0 without such rows.
double mean_brier_score(MatrixView<const float> logits, std::span<const std::int64_t> labels,
                        double temperature) {
  std::vector<double> probabilities(static_cast<std::size_t>(logits.columns));
  const MatrixView<const double> view(probabilities.data(), 1, logits.columns);
  double sum = 0, rows = 0;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const int label = static_cast<int>(labels[static_cast<std::size_t>(i)]);
    if (label < 0) continue;
    model::softmax({logits.row(i), probabilities.size()}, probabilities, temperature);
    sum += metrics::brier_score(std::span(&label, 1), view);
    ++rows;
  }
  return rows > 0 ? sum / rows : 0;
}

void measure_scores(MatrixView<const float> logits, std::span<const std::int64_t> labels,
                    double temperature, Evaluation& evaluation) {
  report::ScoreReport& scores = evaluation.scores;
  scores.temperature = temperature;
  scores.calibration =
      metrics::calibration(evaluation.truth, evaluation.predicted, evaluation.score);
  scores.cross_entropy = metrics::cross_entropy(logits, labels, temperature);
  scores.brier = mean_brier_score(logits, labels, temperature);
}

// Encodes the records' texts and runs the model on them. Fills what is about all rows together.
std::vector<float> run_model(LoadedClassifier& classifier, const std::vector<std::string>& files,
                             Evaluation& evaluation) {
  const Clock::time_point start = Clock::now();
  std::vector<std::string> texts;
  for (data::Record& record : evaluation.records) texts.push_back(std::move(record.text));
  const std::vector<ClassifierInput> documents = classifier.encode(
      texts, [&](std::size_t i) { return data::place_of(evaluation.records[i], files); });
  std::vector<float> logits = classifier.logits(documents);
  evaluation.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    evaluation.records[i].text = std::move(texts[i]);
    evaluation.truncated += documents[i].tokens.truncated();
    evaluation.tokens += static_cast<std::int64_t>(documents[i].tokens.ids.size());
  }
  return logits;
}

}  // namespace

Evaluation evaluate_rows(LoadedClassifier& classifier, const std::vector<std::string>& files,
                         const data::CorpusOptions& corpus) {
  const model::ModelConfig& config = classifier.config();
  const std::size_t known = config.labels.size();
  Evaluation evaluation;
  evaluation.labels = config.labels;
  evaluation.records = read_rows(classifier, files, corpus);
  const std::vector<float> logits = run_model(classifier, files, evaluation);

  LabelNumbers numbers(evaluation.labels);
  std::vector<std::int64_t> known_truth;
  for (std::size_t i = 0; i < evaluation.records.size(); ++i) {
    add_prediction(std::span(logits).subspan(i * known, known), config.temperature, evaluation);
    const int truth = numbers.number_of(evaluation.records[i].label);
    evaluation.truth.push_back(truth);
    known_truth.push_back(truth < static_cast<int>(known) ? truth : -1);
    evaluation.unknown += known_truth.back() < 0;
  }
  const MatrixView<const float> rows(logits.data(), static_cast<std::int64_t>(known_truth.size()),
                                     static_cast<std::int64_t>(known));
  measure_scores(rows, known_truth, config.temperature, evaluation);
  warn(evaluation);
  return evaluation;
}

}  // namespace fastformer::apps
