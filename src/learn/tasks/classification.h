// The classification task: labelled documents, cross entropy and accuracy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "learn/tasks/classifier.h"
#include "learn/tasks/task.h"

namespace fastformer::learn {

// Token ids of documents and the index of each one's label.
struct LabelledDocuments {
  std::vector<std::vector<std::int32_t>> ids;
  std::vector<std::int64_t> labels;  // -1: a label that the model does not have

  std::size_t size() const { return ids.size(); }
};

class ClassificationTask : public Task {
 public:
  // `seed` orders the batches. The classifier must outlive the task. With `subwords`, which stand
  // in the classifier's parameters, words are made of them in training.
  ClassificationTask(Classifier& classifier, LabelledDocuments train, LabelledDocuments valid,
                     const data::BatchOptions& options, std::uint64_t seed,
                     std::optional<Subwords> subwords = {});

  Parameters& parameters() override { return classifier_.parameters(); }
  std::string score_name() const override { return "accuracy"; }
  std::int64_t begin_epoch(int epoch) override;
  BatchSize batch_size(std::int64_t batch) const override;
  std::vector<UsedRows> used_rows(std::int64_t batch) const override;
  at::Tensor loss(std::int64_t batch, const ForwardContext& context) override;
  bool folds() const override { return subwords_.has_value(); }
  void fold() override;
  void unfold() override;
  bool has_validation() const override { return valid_.size() > 0; }
  Validation validate() override;
  // Logits [validation rows, labels], row-major, of the model as it stands, and the rows' labels.
  std::vector<float> validation_logits() const;
  const std::vector<std::int64_t>& validation_labels() const { return valid_.labels; }

 private:
  Classifier& classifier_;
  LabelledDocuments train_;
  LabelledDocuments valid_;
  std::vector<std::int64_t> lengths_;  // of the training documents, in tokens
  data::BatchOptions options_;
  std::uint64_t seed_;
  std::optional<Subwords> subwords_;
  std::vector<std::vector<std::int64_t>> plan_;
};

// Mean cross entropy and accuracy of logits [documents, labels], row-major, against label indices;
// a label of -1 counts as wrong and is left out of the loss.
Validation score_logits(std::span<const float> logits, std::span<const std::int64_t> labels,
                        std::size_t label_count);

}  // namespace fastformer::learn
