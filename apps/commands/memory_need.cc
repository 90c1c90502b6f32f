// An estimate from counts of numbers.
#include "commands/memory_need.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/available_memory.h"
#include "base/log.h"
#include "base/strings.h"
#include "model/schema.h"

namespace fastformer::apps {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
constexpr std::int64_t kProgram = 220'000'000;
// Of a parameter: itself, its gradient, two moments, its average, and the best epoch's.
constexpr std::int64_t kCopies = 6;
constexpr std::int64_t kRow = 150;

// Numbers that a token leaves, in a Fastformer, for the backward pass, and what that pass holds at
// once.
std::int64_t numbers_of_token(const model::EncoderOptions& encoder) {
  const std::int64_t layer = 5 * encoder.width + 2 * encoder.feed_forward + 2 * encoder.heads;
  return encoder.layers * layer + 4 * encoder.width;
}

// Tokens of the largest batch that can come together.
std::int64_t batch_tokens(const data::BatchOptions& options, const data::Documents& documents) {
  std::int64_t longest = 0;
  for (const std::int64_t length : documents.lengths()) longest = std::max(longest, length);
  const std::int64_t together = std::min<std::int64_t>(options.batch_tokens, documents.tokens());
  return std::max(longest, std::min<std::int64_t>(together, longest * options.batch_size));
}

std::int64_t wide_bytes(const TrainOptions& options, const EncodedRows& rows) {
  if (options.wide.wide == learn::WideBranch::kOff) return 0;
  // Counts, values and postings of its n-grams; those that are too many go to files.
  constexpr std::int64_t kTokenBytes = 16, kArrays = 3;
  const std::int64_t tokens = rows.train.ids.tokens() + rows.valid.ids.tokens();
  return kArrays *
         std::min<std::int64_t>(kTokenBytes * tokens,
                                static_cast<std::int64_t>(options.wide.spill.most_in_memory));
}

std::string gigabytes(std::int64_t bytes) {
  return format_fixed(static_cast<double>(bytes) / 1e9, 1) + " GB";
}

}  // namespace

MemoryNeed memory_need(const TrainOptions& options, const EncodedRows& rows) {
  std::int64_t parameters =
      static_cast<std::int64_t>(options.training.subwords) * options.model.encoder.width;
  for (const model::TensorSpec& spec : model::tensors_of(options.model)) {
    parameters += spec.elements();
  }
  MemoryNeed need;
  need.program = kProgram;
  need.parameters = kCopies * kFloat * parameters;
  const bool is_known =
      options.model.encoder.encoder == model::kFastformer && options.training.device == "cpu";
  if (is_known)
    need.batch = kFloat * numbers_of_token(options.model.encoder) *
                 batch_tokens(options.batches, rows.train.ids);
  need.rows = kRow * static_cast<std::int64_t>(rows.train.size() + rows.valid.size()) +
              wide_bytes(options, rows);
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
