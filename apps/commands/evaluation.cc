// Runs a model over labelled rows.
#include "commands/evaluation.h"

#include <fastformer/error.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "data/corpus_reader.h"
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
  if (records.empty()) throw data::has_none("rows", files[0]);
  return records;
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

// Checks what is asked of labels against what the model gives.
void set_target(data::CorpusOptions& corpus, const model::ModelConfig& config) {
  const data::Target own = config.is_multi() ? data::Target::kMulti : data::Target::kSingle;
  if (corpus.target != data::Target::kAuto && corpus.target != own) {
    throw usage_error(
        std::string("the model gives ") + (config.is_multi() ? "several labels" : "one label"),
        "--target");
  }
  if (!config.is_multi() && !corpus.label_separator.empty()) {
    throw usage_error("the model gives one label", "--label-separator");
  }
  corpus.target = own;
}

}  // namespace

LabelledRows run_on_rows(LoadedClassifier& classifier, const std::vector<std::string>& files,
                         data::CorpusOptions corpus) {
  set_target(corpus, classifier.config());
  LabelledRows rows;
  rows.records = read_rows(classifier, files, corpus);
  const Clock::time_point start = Clock::now();
  std::vector<std::string> texts;
  for (data::Record& record : rows.records) texts.push_back(std::move(record.text));
  const std::vector<ClassifierInput> documents = classifier.encode(
      texts, [&](std::size_t i) { return data::place_of(rows.records[i], files); });
  rows.logits = classifier.logits(documents);
  rows.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    rows.records[i].text = std::move(texts[i]);
    rows.truncated += documents[i].tokens.truncated();
    rows.tokens += static_cast<std::int64_t>(documents[i].tokens.ids.size());
  }
  if (rows.truncated > 0) log_warning(format_count(rows.truncated) + " documents were truncated");
  return rows;
}

LabelNumbers::LabelNumbers(std::vector<std::string>& labels) : labels_(labels) {
  for (const std::string& label : labels_) number_of(label, numbers_.size());
}

int LabelNumbers::number_of(const std::string& label) {
  const int number = number_of(label, labels_.size());
  if (number == static_cast<int>(labels_.size())) labels_.push_back(label);
  return number;
}

int LabelNumbers::number_of(const std::string& label, std::size_t otherwise) {
  return numbers_.emplace(label, static_cast<int>(otherwise)).first->second;
}

void warn_of_unknown(std::int64_t rows, const std::vector<std::string>& labels, std::size_t known) {
  if (rows == 0) return;
  log_warning(format_count(rows) + (rows == 1 ? " row has" : " rows have") +
              " a label that the model does not know, such as \"" + printable(labels[known], 40) +
              "\": what the model says of them counts as wrong");
}

Evaluation evaluate_rows(const LabelledRows& rows, const model::ModelConfig& config) {
  const std::size_t known = config.labels.size();
  Evaluation evaluation;
  evaluation.labels = config.labels;
  LabelNumbers numbers(evaluation.labels);
  std::vector<std::int64_t> known_truth;
  std::vector<float> targets(rows.logits.size(), 0);
  for (std::size_t i = 0; i < rows.records.size(); ++i) {
    add_prediction(std::span(rows.logits).subspan(i * known, known), config.temperature,
                   evaluation);
    const int truth = numbers.number_of(rows.records[i].label);
    evaluation.truth.push_back(truth);
    known_truth.push_back(truth < static_cast<int>(known) ? truth : -1);
    if (known_truth.back() >= 0) targets[i * known + static_cast<std::size_t>(truth)] = 1;
    evaluation.unknown += known_truth.back() < 0;
  }
  const auto count = static_cast<std::int64_t>(known_truth.size());
  const auto labels = static_cast<std::int64_t>(known);
  const MatrixView<const float> logits(rows.logits.data(), count, labels);
  report::ScoreReport& scores = evaluation.scores;
  scores.temperature = config.temperature;
  scores.calibration =
      metrics::calibration(evaluation.truth, evaluation.predicted, evaluation.score);
  scores.cross_entropy = metrics::cross_entropy(logits, {targets.data(), count, labels},
                                                config.target, config.temperature);
  scores.brier = mean_brier_score(logits, known_truth, config.temperature);
  scores.unknown = evaluation.unknown;
  warn_of_unknown(evaluation.unknown, evaluation.labels, known);
  return evaluation;
}

}  // namespace fastformer::apps
