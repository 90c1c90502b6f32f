// The task of guessing masked tokens, which needs no labels.
#pragma once

#include <string>
#include <vector>

#include "learn/tasks/document_batches.h"
#include "learn/tasks/masked_model.h"
#include "learn/tasks/masking.h"
#include "learn/tasks/task.h"

namespace fastformer::learn {

class MaskedTokensTask : public Task {
 public:
  using Documents = data::Documents;

  // `seed` orders the batches and draws masks, anew in every epoch, and candidates. The model must
  // outlive the task; its output begins at the frequencies of the training words.
  MaskedTokensTask(MaskedModel& model, Documents train, Documents valid,
                   const data::BatchOptions& batches, const MaskingOptions& masking,
                   std::uint64_t seed);

  Parameters& parameters() override { return model_.parameters(); }
  std::string score_name() const override { return "masked accuracy"; }
  std::int64_t begin_epoch(int epoch) override;
  BatchSize batch_size(std::int64_t batch) const override { return batches_.size(batch); }
  std::vector<UsedRows> used_rows(std::int64_t batch) const override;
  // Over a batch's candidates; 0 where a batch has nothing to guess.
  at::Tensor loss(std::int64_t batch, const ForwardContext& context) override;
  bool has_validation() const override { return !valid_.empty(); }
  // Mean cross entropy over all words and share guessed right, of masks that are always the same.
  Validation validate() override;
  // The same of a model that guesses every word by its frequency in the training text.
  Validation validate_frequencies() const;
  std::int64_t validation_guesses() const { return static_cast<std::int64_t>(held_out_.size()); }

 private:
  struct Batch {
    int epoch = -1;
    std::int64_t number = -1;
    data::RaggedBatch tokens;  // as the model reads them
    MaskedTokens masked;
    Candidates candidates;
  };
  // Made once for a step: its rows are asked for before its loss.
  const Batch& batch_of(std::int64_t number) const;
  data::RaggedBatch masked_batch(const Documents& documents, std::span<const std::int64_t> chosen,
                                 std::uint64_t seed, MaskedTokens& masked) const;

  MaskedModel& model_;
  Documents train_;
  DocumentBatches batches_;  // of the training documents
  MaskingOptions masking_;
  std::uint64_t seed_;
  WordFrequencies frequencies_;
  Documents valid_;
  std::vector<std::vector<std::int64_t>> valid_plan_;
  std::vector<std::int64_t> held_out_;  // the words to guess of the validation documents
  int epoch_ = 0;
  mutable Batch made_;  // the last one
};

}  // namespace fastformer::learn
