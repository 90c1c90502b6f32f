// Sets of labels: truth, decisions and their scores.
#include "commands/multi_evaluation.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/strings.h"
#include "data/targets.h"
#include "metrics/calibration.h"
#include "metrics/temperature.h"
#include "model/decision.h"

namespace fastformer::apps {
namespace {

constexpr std::size_t kRanked = 5;

std::vector<int> truth_of(const data::Record& record, LabelNumbers& numbers) {
  std::vector<int> truth;
  for (const std::string& label : data::labels_of(record)) {
    truth.push_back(numbers.number_of(label));
  }
  std::sort(truth.begin(), truth.end());
  return truth;
}

model::MultiDecision decision_of(const LabelledRows& rows, std::size_t row,
                                 const model::ModelConfig& config, double min_score = 0) {
  const std::size_t labels = config.labels.size();
  return model::decide_multi(std::span(rows.logits).subspan(row * labels, labels),
                             config.thresholds, config.temperature, 0, min_score);
}

std::vector<int> set_of(const std::vector<model::Ranked>& chosen) {
  std::vector<int> labels;
  labels.reserve(chosen.size());
  for (const model::Ranked& label : chosen) labels.push_back(label.label);
  std::sort(labels.begin(), labels.end());
  return labels;
}

// What the model says of a row.
void add_prediction(const model::MultiDecision& decision, const std::vector<double>& thresholds,
                    MultiEvaluation& evaluation) {
  std::vector<int> predicted = set_of(decision.chosen), ranked;
  double log_score = 0, margin = 1;
  for (const model::Ranked& label : decision.ranked) {
    if (ranked.size() < kRanked) ranked.push_back(label.label);
    const bool given = std::binary_search(predicted.begin(), predicted.end(), label.label);
    log_score += given ? std::log(label.score) : std::log1p(-label.score);
    const double threshold = model::threshold_of(thresholds, static_cast<std::size_t>(label.label));
    margin = std::min(margin, std::abs(label.score - threshold));
  }
  evaluation.predicted.push_back(std::move(predicted));
  evaluation.ranked.push_back(std::move(ranked));
  evaluation.score.push_back(std::exp(log_score));
  evaluation.margin.push_back(margin);
}

// Over every label of every row.
report::ScoreReport scores_of(MatrixView<const float> logits, MatrixView<const float> targets,
                              const model::ModelConfig& config) {
  const std::vector<double> probabilities = model::sigmoid_of_all(logits, config.temperature);
  const MatrixView<const double> given(probabilities.data(), logits.rows, logits.columns);
  double squares = 0;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    for (std::int64_t c = 0; c < logits.columns; ++c) {
      squares += (given(i, c) - targets(i, c)) * (given(i, c) - targets(i, c));
    }
  }
  report::ScoreReport scores;
  scores.temperature = config.temperature;
  scores.calibration = metrics::label_calibration(given, targets);
  scores.cross_entropy = metrics::cross_entropy(logits, targets, config.target, config.temperature);
  scores.brier = squares / static_cast<double>(probabilities.size());
  return scores;
}

AnswersAbove answers_above(double min_score, const LabelledRows& rows,
                           const model::ModelConfig& config, const MultiEvaluation& evaluation) {
  AnswersAbove above;
  metrics::LabelSets given;
  for (std::size_t i = 0; i < rows.records.size(); ++i) {
    given.push_back(set_of(decision_of(rows, i, config, min_score).chosen));
    above.rows += !given.back().empty();
  }
  above.result = metrics::multi_label_result(evaluation.truth, given,
                                             static_cast<int>(evaluation.labels.size()));
  return above;
}

}  // namespace

MultiEvaluation evaluate_multi(const LabelledRows& rows, const model::ModelConfig& config,
                               double min_score) {
  const std::size_t known = config.labels.size();
  MultiEvaluation evaluation;
  evaluation.labels = config.labels;
  LabelNumbers numbers(evaluation.labels);
  std::vector<float> targets(rows.logits.size(), 0);
  for (std::size_t i = 0; i < rows.records.size(); ++i) {
    add_prediction(decision_of(rows, i, config), config.thresholds, evaluation);
    evaluation.truth.push_back(truth_of(rows.records[i], numbers));
    bool has_unknown = false;
    for (const int label : evaluation.truth.back()) {
      const auto number = static_cast<std::size_t>(label);
      if (number < known) targets[i * known + number] = 1;
      has_unknown = has_unknown || number >= known;
      evaluation.knows_none = evaluation.knows_none && number >= known;
    }
    evaluation.unknown += has_unknown;
  }
  evaluation.result = metrics::multi_label_result(evaluation.truth, evaluation.predicted,
                                                  static_cast<int>(evaluation.labels.size()));
  if (min_score > 0) evaluation.above = answers_above(min_score, rows, config, evaluation);
  const auto count = static_cast<std::int64_t>(rows.records.size());
  const auto labels = static_cast<std::int64_t>(known);
  evaluation.scores =
      scores_of({rows.logits.data(), count, labels}, {targets.data(), count, labels}, config);
  warn_of_unknown(evaluation.unknown, evaluation.labels, known);
  return evaluation;
}

}  // namespace fastformer::apps
