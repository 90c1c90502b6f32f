// The classification task: labelled documents, cross entropy and accuracy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/documents.h"
#include "data/targets.h"
#include "learn/tasks/classifier.h"
#include "learn/tasks/document_batches.h"
#include "learn/tasks/label_loss.h"
#include "learn/tasks/task.h"

namespace fastformer::learn {

// Token ids of documents and their labels. A document whose one label the model does not have has
// none.
struct LabelledDocuments {
  data::Documents ids;
  data::Targets targets;

  std::size_t size() const { return ids.size(); }
};

class ClassificationTask : public Task {
 public:
  // `seed` orders the batches. The classifier must outlive the task. With `subwords`, which stand
  // in the classifier's parameters, words are made of them in training.
  ClassificationTask(Classifier& classifier, LabelledDocuments train, LabelledDocuments valid,
                     const data::BatchOptions& options, std::uint64_t seed,
                     std::optional<Subwords> subwords = {});

  // Weights and smoothing of the loss; its kind stays the classifier's.
  void set_loss(std::vector<float> weights, double smoothing);

  Parameters& parameters() override { return classifier_.parameters(); }
  std::string score_name() const override;
  std::int64_t begin_epoch(int epoch) override { return batches_.begin_epoch(epoch); }
  BatchSize batch_size(std::int64_t batch) const override { return batches_.size(batch); }
  std::vector<UsedRows> used_rows(std::int64_t batch) const override;
  at::Tensor loss(std::int64_t batch, const ForwardContext& context) override;
  bool folds() const override { return subwords_.has_value(); }
  void fold() override;
  void unfold() override;
  bool has_validation() const override { return valid_.size() > 0; }
  Validation validate() override;
  // Logits [validation rows, labels], row-major, of the model as it stands, and the labels' shares.
  std::vector<float> validation_logits() const;
  const std::vector<float>& validation_targets() const { return valid_targets_; }

 private:
  Classifier& classifier_;
  LabelledDocuments train_;
  LabelledDocuments valid_;
  std::vector<float> valid_targets_;  // [validation rows, labels]
  data::BatchOptions options_;
  DocumentBatches batches_;  // of the training documents
  LabelLoss loss_;
  std::optional<Subwords> subwords_;
};

// What a validation score of this kind of targets is called.
std::string score_name_of(metrics::TargetKind kind);

// Mean cross entropy and score of logits against the shares of labels, both [documents,
// label_count], row-major. The score is the accuracy, where a document without a label counts as
// wrong and is left out of the loss; of kMulti it is the F1 of all labels' summed counts under the
// one threshold that suits them best.
Validation score_logits(std::span<const float> logits, std::span<const float> targets,
                        std::size_t label_count, metrics::TargetKind kind);

}  // namespace fastformer::learn
