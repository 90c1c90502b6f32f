// Batches, loss and validation of classification.
#include "learn/tasks/classification.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "metrics/temperature.h"
#include "metrics/thresholds.h"
#include "text/vocabulary.h"

namespace fastformer::learn {

ClassificationTask::ClassificationTask(Classifier& classifier, LabelledDocuments train,
                                       LabelledDocuments valid, const data::BatchOptions& options,
                                       std::uint64_t seed, std::optional<Subwords> subwords)
    : classifier_(classifier),
      train_(std::move(train)),
      valid_(std::move(valid)),
      valid_targets_(valid_.targets.dense(classifier.config().labels.size())),
      options_(options),
      batches_(train_.ids, options, seed),
      loss_{classifier.config().target, {}, 0},
      subwords_(std::move(subwords)) {}

void ClassificationTask::set_loss(std::vector<float> weights, double smoothing) {
  loss_.weights = std::move(weights);
  loss_.smoothing = smoothing;
}

std::vector<UsedRows> ClassificationTask::used_rows(std::int64_t batch) const {
  UsedRows words = {"embedding.word.weight", {}};
  for (const std::int64_t document : batches_.documents(batch)) {
    const auto ids = train_.ids[static_cast<std::size_t>(document)];
    words.rows.insert(words.rows.end(), ids.begin(), ids.end());
  }
  words.rows.push_back(text::Vocabulary::kUnknown);  // in place of a word that is dropped
  make_distinct(words);
  if (!subwords_) return {words, batches_.positions(batch)};
  const UsedRows subwords = {Subwords::kTable, subwords_->rows_of(words.rows)};
  return {words, batches_.positions(batch), subwords};
}

at::Tensor ClassificationTask::loss(std::int64_t batch, const ForwardContext& context) {
  constexpr std::int64_t kReleaseEvery = 64;  // batches
  if (batch % kReleaseEvery == 0) train_.ids.release();
  const std::vector<std::int64_t>& documents = batches_.documents(batch);
  ForwardContext own = context;
  own.subwords = subwords_ ? &*subwords_ : nullptr;
  const at::Tensor logits = classifier_.logits(data::make_batch(train_.ids, documents), own);
  return loss_(logits, train_.targets, documents);
}

void ClassificationTask::fold() {
  if (subwords_) subwords_->fold(classifier_.parameters());
}

void ClassificationTask::unfold() {
  if (subwords_) subwords_->unfold(classifier_.parameters());
}

Validation ClassificationTask::validate() {
  const model::ModelConfig& config = classifier_.config();
  return score_logits(validation_logits(), valid_targets_, config.labels.size(), config.target);
}

std::vector<float> ClassificationTask::validation_logits() const {
  return classify(classifier_, valid_.ids, options_);
}

std::string ClassificationTask::score_name() const {
  return score_name_of(classifier_.config().target);
}

std::string score_name_of(metrics::TargetKind kind) {
  return kind == metrics::TargetKind::kSingle ? "accuracy" : "micro_f1";
}

namespace {

std::ptrdiff_t place_of_largest(const float* row, std::int64_t count) {
  return std::max_element(row, row + count) - row;
}

// Share of the rows whose largest logit is that of the label with the largest share.
double accuracy(MatrixView<const float> logits, MatrixView<const float> targets) {
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const std::ptrdiff_t wanted = place_of_largest(targets.row(i), targets.columns);
    right += targets(i, wanted) > 0 && place_of_largest(logits.row(i), logits.columns) == wanted;
  }
  return static_cast<double>(right) / static_cast<double>(logits.rows);
}

}  // namespace

Validation score_logits(std::span<const float> logits, std::span<const float> targets,
                        std::size_t label_count, metrics::TargetKind kind) {
  if (logits.empty()) return {};
  const auto columns = static_cast<std::int64_t>(label_count);
  const auto rows = static_cast<std::int64_t>(logits.size()) / columns;
  const MatrixView<const float> given(logits.data(), rows, columns);
  const MatrixView<const float> wanted(targets.data(), rows, columns);
  Validation validation;
  validation.loss = metrics::cross_entropy(given, wanted, kind);
  if (kind == metrics::TargetKind::kSingle) {
    validation.score = accuracy(given, wanted);
  } else {
    const std::vector<double> scores(logits.begin(), logits.end());
    validation.score = metrics::fit_common_threshold({scores.data(), rows, columns}, wanted).f1;
  }
  return validation;
}

}  // namespace fastformer::learn
