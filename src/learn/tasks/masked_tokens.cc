// Batches, loss and validation of masked tokens.
#include "learn/tasks/masked_tokens.h"

#include "base/random.h"
#include "learn/device.h"
#include "text/vocabulary.h"

namespace fastformer::learn {
namespace {

constexpr std::uint64_t kMaskSeed = 0x6d61736bULL, kDrawSeed = 0x64726177ULL,
                        kValidSeed = 0x76616c64ULL;
constexpr std::int64_t kGuessesAtOnce = 256;  // whose scores of all words are held in validation

}  // namespace

MaskedTokensTask::MaskedTokensTask(MaskedModel& model, Documents train, Documents valid,
                                   const data::BatchOptions& batches, const MaskingOptions& masking,
                                   std::uint64_t seed)
    : model_(model),
      train_(std::move(train)),
      batches_(train_, batches, seed),
      masking_(masking),
      seed_(seed),
      frequencies_(train_, model.config().vocabulary),
      valid_(std::move(valid)),
      valid_plan_(data::plan_in_order(valid_.lengths(), batches)) {
  model_.parameters().set("prediction.bias", at::tensor(frequencies_.logs()));
  for (std::size_t n = 0; n < valid_plan_.size(); ++n) {
    MaskedTokens masked;
    masked_batch(valid_, valid_plan_[n], hash_of({seed_, kValidSeed, n}), masked);
    held_out_.insert(held_out_.end(), masked.targets.begin(), masked.targets.end());
  }
}

data::RaggedBatch MaskedTokensTask::masked_batch(const Documents& documents,
                                                 std::span<const std::int64_t> chosen,
                                                 std::uint64_t seed, MaskedTokens& masked) const {
  data::RaggedBatch batch = data::make_batch(documents, chosen);
  masked = mask_tokens(batch.ids, frequencies_, masking_.share, seed);
  batch.ids = masked.ids;
  return batch;
}

const MaskedTokensTask::Batch& MaskedTokensTask::batch_of(std::int64_t number) const {
  if (made_.epoch == epoch_ && made_.number == number) return made_;
  const auto epoch = static_cast<std::uint64_t>(epoch_), batch = static_cast<std::uint64_t>(number);
  constexpr std::int64_t kReleaseEvery = 64;  // batches
  if (number % kReleaseEvery == 0) train_.release();
  made_.epoch = epoch_;
  made_.number = number;
  made_.tokens = masked_batch(train_, batches_.documents(number),
                              hash_of({seed_, kMaskSeed, epoch, batch}), made_.masked);
  made_.candidates = choose_candidates(made_.masked.targets, frequencies_, masking_.candidates,
                                       hash_of({seed_, kDrawSeed, epoch, batch}));
  return made_;
}

std::int64_t MaskedTokensTask::begin_epoch(int epoch) {
  epoch_ = epoch;
  return batches_.begin_epoch(epoch);
}

std::vector<UsedRows> MaskedTokensTask::used_rows(std::int64_t batch) const {
  const Batch& made = batch_of(batch);
  UsedRows words = {"embedding.word.weight", made.candidates.ids};
  words.rows.insert(words.rows.end(), made.tokens.ids.begin(), made.tokens.ids.end());
  make_distinct(words);
  return {words, batches_.positions(batch)};
}

at::Tensor MaskedTokensTask::loss(std::int64_t batch, const ForwardContext& context) {
  const Batch& made = batch_of(batch);
  const at::Tensor guesses =
      model_.guesses(made.tokens, at::tensor(made.masked.places, at::kLong), context);
  if (made.masked.places.empty()) return guesses.sum();
  at::Tensor scores = model_.scores(guesses, at::tensor(made.candidates.ids, at::kLong));
  if (!made.candidates.corrections.empty()) {
    const at::Tensor corrections = at::tensor(made.candidates.corrections);
    scores = scores + on_device(corrections, scores.device()).to(scores.scalar_type());
  }
  const at::Tensor targets = at::tensor(made.candidates.targets, at::kLong);
  return at::cross_entropy_loss(scores, on_device(targets, scores.device()));
}

Validation MaskedTokensTask::validate() {
  const at::NoGradGuard no_gradients;
  const at::Tensor all = at::arange(model_.config().vocabulary, at::kLong);
  at::Tensor sums = at::zeros({2}, at::kDouble);  // loss and right guesses, on the model's device
  for (std::size_t n = 0; n < valid_plan_.size(); ++n) {
    MaskedTokens masked;
    const data::RaggedBatch batch =
        masked_batch(valid_, valid_plan_[n], hash_of({seed_, kValidSeed, n}), masked);
    const at::Tensor guesses = model_.guesses(batch, at::tensor(masked.places, at::kLong), {});
    const at::Tensor targets = at::tensor(masked.targets, at::kLong).to(guesses.device());
    for (std::int64_t at = 0; at < guesses.size(0); at += kGuessesAtOnce) {
      const std::int64_t end = std::min(guesses.size(0), at + kGuessesAtOnce);
      const at::Tensor scores = model_.scores(guesses.slice(0, at, end), all);
      const at::Tensor wanted = targets.slice(0, at, end);
      const at::Tensor loss = at::cross_entropy_loss(scores, wanted, {}, at::Reduction::Sum);
      const at::Tensor right = (scores.argmax(1) == wanted).sum();
      sums = sums.to(scores.device()) + at::stack({loss.to(at::kDouble), right.to(at::kDouble)});
    }
  }
  const auto guessed = static_cast<double>(std::max<std::int64_t>(validation_guesses(), 1));
  const at::Tensor read = sums.cpu() / guessed;
  return {read[0].item<double>(), read[1].item<double>()};
}

Validation MaskedTokensTask::validate_frequencies() const {
  double loss = 0, right = 0;
  for (std::int64_t word : held_out_) {
    loss -= frequencies_.logs()[static_cast<std::size_t>(word)];
    right += word == frequencies_.most_frequent();
  }
  const auto guessed = static_cast<double>(std::max<std::int64_t>(validation_guesses(), 1));
  return {loss / guessed, right / guessed};
}

}  // namespace fastformer::learn
