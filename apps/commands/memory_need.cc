// An estimate from counts of numbers.
#include "commands/memory_need.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/available_memory.h"
#include "base/log.h"
#include "base/strings.h"
#include "learn/memory_trial.h"
#include "model/schema.h"

namespace fastformer::apps {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
constexpr std::int64_t kProgram = 220'000'000;
// Of a parameter: itself, its gradient, two moments, its average, and the best epoch's.
constexpr std::int64_t kCopies = 6;
constexpr std::int64_t kRow = 150;

// Bytes that a token leaves for the backward pass, and what that pass holds at once: counted for a
// Fastformer, tried for the others.
std::int64_t bytes_of_token(const model::ModelConfig& config, std::int64_t longest) {
  const model::EncoderOptions& encoder = config.encoder;
  if (encoder.encoder != model::kFastformer || encoder.local != Local::kNone) {
    // What the heap holds between batches comes on top.
    return learn::trained_bytes_per_token(config, longest) * 13 / 10;
  }
  const std::int64_t layer = 5 * encoder.width + 2 * encoder.feed_forward + 2 * encoder.heads;
  return kFloat * (encoder.layers * layer + 4 * encoder.width);
}

std::int64_t longest_of(const data::Documents& documents) {
  std::int64_t longest = 0;
  for (const std::int64_t length : documents.lengths()) longest = std::max(longest, length);
  return longest;
}

// Tokens of the largest batch that can come together.
std::int64_t batch_tokens(const data::BatchOptions& options, const data::Documents& documents,
                          std::int64_t longest) {
  const std::int64_t together = std::min<std::int64_t>(options.batch_tokens, documents.tokens());
  return std::max(longest, std::min<std::int64_t>(together, longest * options.batch_size));
}

std::int64_t wide_bytes(const TrainOptions& options, const EncodedRows& rows) {
  if (options.wide.wide == learn::WideBranch::kOff) return 0;
  // Counts and values of its n-grams; those that are too many go to files.
  constexpr std::int64_t kTokenBytes = 16, kArrays = 2;
  const std::int64_t tokens = rows.train.ids.tokens() + rows.valid.ids.tokens();
  return kArrays *
         std::min<std::int64_t>(kTokenBytes * tokens,
                                static_cast<std::int64_t>(options.wide.spill.most_in_memory));
}

struct Trained {
  const model::ModelConfig& model;
  const data::BatchOptions& batches;
  const learn::TrainingOptions& training;
};

// `of_head`: bytes of a token after the encoder.
MemoryNeed need_of(const Trained& trained, const data::Documents& documents, std::int64_t of_head) {
  std::int64_t parameters =
      static_cast<std::int64_t>(trained.training.subwords) * trained.model.encoder.width;
  for (const model::TensorSpec& spec : model::tensors_of(trained.model)) {
    parameters += spec.elements();
  }
  MemoryNeed need;
  need.program = kProgram;
  need.parameters = kCopies * kFloat * parameters;
  if (trained.training.device != "cpu") return need;
  const std::int64_t longest = longest_of(documents);
  need.batch = (bytes_of_token(trained.model, longest) + of_head) *
               batch_tokens(trained.batches, documents, longest);
  return need;
}

std::string gigabytes(std::int64_t bytes) {
  return format_fixed(static_cast<double>(bytes) / 1e9, 1) + " GB";
}

}  // namespace

MemoryNeed memory_need(const TrainOptions& options, const EncodedRows& rows) {
  MemoryNeed need =
      need_of({options.model, options.batches, options.training}, rows.train.ids, /*of_head=*/0);
  need.rows = kRow * static_cast<std::int64_t>(rows.train.size() + rows.valid.size()) +
              wide_bytes(options, rows);
  return need;
}

MemoryNeed memory_need(const Pretraining& pretraining, const data::Documents& train,
                       const data::Documents& valid) {
  // Scores of the words that a guess is made among, their probabilities and gradients.
  constexpr double kScores = 4;
  const learn::MaskingOptions& masking = pretraining.masking;
  const std::int64_t candidates =
      masking.candidates > 0 ? masking.candidates : pretraining.model.vocabulary;
  const auto of_head =
      static_cast<std::int64_t>(kScores * kFloat * masking.share * static_cast<double>(candidates));
  MemoryNeed need =
      need_of({pretraining.model, pretraining.batches, pretraining.training}, train, of_head);
  need.rows = kRow * static_cast<std::int64_t>(train.size() + valid.size());
  return need;
}

void warn_of_memory(const MemoryNeed& need) {
  const std::optional<std::int64_t> available = available_memory();
  if (!available || need.total() <= *available) return;
  const char* advice = "--largest-array lets the counts of n-grams lie in files";
  if (need.batch >= need.rows && need.batch >= need.parameters) {
    advice = "--batch-tokens or --max-length make batches smaller";
  } else if (need.parameters >= need.rows) {
    advice = "--vocabulary-size, --subwords or --width make the model smaller";
  }
  log_warning("the training will take about " + gigabytes(need.total()) + " of memory and " +
              gigabytes(*available) + " are left: " + gigabytes(need.parameters) +
              " for the model and what is kept of it, " + gigabytes(need.batch) + " for a batch, " +
              gigabytes(need.rows) + " for the rows. " + advice);
}

}  // namespace fastformer::apps
