// Batches, loss and validation of classification.
#include "learn/tasks/classification.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "text/vocabulary.h"

namespace fastformer::learn {

ClassificationTask::ClassificationTask(Classifier& classifier, LabelledDocuments train,
                                       LabelledDocuments valid, const data::BatchOptions& options,
                                       std::uint64_t seed, std::optional<Subwords> subwords)
    : classifier_(classifier),
      train_(std::move(train)),
      valid_(std::move(valid)),
      options_(options),
      seed_(seed),
      subwords_(std::move(subwords)) {
  for (const auto& ids : train_.ids) lengths_.push_back(static_cast<std::int64_t>(ids.size()));
}

std::int64_t ClassificationTask::begin_epoch(int epoch) {
  plan_ = data::plan_batches(lengths_, options_, seed_, epoch);
  return static_cast<std::int64_t>(plan_.size());
}

BatchSize ClassificationTask::batch_size(std::int64_t batch) const {
  const auto& documents = plan_.at(static_cast<std::size_t>(batch));
  BatchSize size;
  size.documents = static_cast<std::int64_t>(documents.size());
  for (std::int64_t document : documents) {
    size.tokens += lengths_[static_cast<std::size_t>(document)];
  }
  return size;
}

std::vector<UsedRows> ClassificationTask::used_rows(std::int64_t batch) const {
  UsedRows words = {"embedding.word.weight", {}}, positions = {"embedding.position.weight", {}};
  std::int64_t longest = 0;
  for (std::int64_t document : plan_.at(static_cast<std::size_t>(batch))) {
    const auto& ids = train_.ids[static_cast<std::size_t>(document)];
    words.rows.insert(words.rows.end(), ids.begin(), ids.end());
    longest = std::max(longest, lengths_[static_cast<std::size_t>(document)]);
  }
  words.rows.push_back(text::Vocabulary::kUnknown);  // in place of a word that is dropped
  std::sort(words.rows.begin(), words.rows.end());
  words.rows.erase(std::unique(words.rows.begin(), words.rows.end()), words.rows.end());
  positions.rows.resize(static_cast<std::size_t>(longest));
  std::iota(positions.rows.begin(), positions.rows.end(), 0);
  if (!subwords_) return {words, positions};
  const UsedRows subwords = {Subwords::kTable, subwords_->rows_of(words.rows)};
  return {words, positions, subwords};
}

at::Tensor ClassificationTask::loss(std::int64_t batch, const ForwardContext& context) {
  const auto& documents = plan_.at(static_cast<std::size_t>(batch));
  ForwardContext own = context;
  own.subwords = subwords_ ? &*subwords_ : nullptr;
  const at::Tensor logits = classifier_.logits(data::make_batch(train_.ids, documents), own);
  std::vector<std::int64_t> labels;
  for (std::int64_t document : documents) {
    labels.push_back(train_.labels[static_cast<std::size_t>(document)]);
  }
  return at::cross_entropy_loss(logits, at::tensor(labels, at::kLong).to(logits.device()));
}

void ClassificationTask::fold() {
  if (subwords_) subwords_->fold(classifier_.parameters());
}

void ClassificationTask::unfold() {
  if (subwords_) subwords_->unfold(classifier_.parameters());
}

Validation ClassificationTask::validate() {
  return score_logits(validation_logits(), valid_.labels, classifier_.config().labels.size());
}

std::vector<float> ClassificationTask::validation_logits() const {
  return classify(classifier_, valid_.ids, options_);
}

Validation score_logits(std::span<const float> logits, std::span<const std::int64_t> labels,
                        std::size_t label_count) {
  Validation validation;
  double loss = 0;
  std::int64_t right = 0, known = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float> row = logits.subspan(i * label_count, label_count);
    const auto best = std::max_element(row.begin(), row.end());
    if (labels[i] < 0) continue;
    double sum = 0;
    for (float logit : row) sum += std::exp(static_cast<double>(logit) - *best);
    loss += std::log(sum) + *best - row[static_cast<std::size_t>(labels[i])];
    right += best - row.begin() == labels[i];
    ++known;
  }
  if (known > 0) validation.loss = loss / static_cast<double>(known);
  if (!labels.empty()) {
    validation.score = static_cast<double>(right) / static_cast<double>(labels.size());
  }
  return validation;
}

}  // namespace fastformer::learn
