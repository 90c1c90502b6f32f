// From files to the documents of pretraining.
#include "commands/pretraining_text.h"

#include <fastformer/error.h>

#include <limits>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "base/strings.h"
#include "commands/token_store.h"
#include "data/corpus_reader.h"
#include "data/split.h"
#include "data/stored_rows.h"
#include "text/pipeline.h"

namespace fastformer::apps {
namespace {

using Texts = std::vector<std::string_view>;

constexpr std::size_t kValidationBytes = 600'000;

std::string count_of(std::size_t count) { return format_count(static_cast<std::int64_t>(count)); }

// Documents as they are encoded: whole, in parts that the model takes.
void encode_whole(const Texts& texts, const data::RowStore& store, const text::Pipeline& pipeline,
                  const TakeIds& take, const ParallelFor& threads) {
  text::TextOptions options = pipeline.options();
  const std::int64_t longest = options.max_length;
  options.max_length = std::numeric_limits<int>::max();
  options.truncate = text::Truncate::kRight;
  const text::Pipeline whole(options, pipeline.shared_tokenizer());
  encode_in_blocks(whole, texts, store, {}, threads, [&](text::Document& document) {
    for (const auto& part : text::equal_parts(std::move(document.ids), longest)) take(part);
  });
}

// Puts validation texts aside, until they are enough.
void split(const data::RowStore& store, double share, std::int64_t seed, Texts& train,
           Texts& valid) {
  const std::vector<std::uint64_t> keys = store.split_keys(static_cast<std::uint64_t>(seed));
  std::vector<bool> in_valid(store.size(), false);
  std::size_t bytes = 0;
  for (const std::int64_t row : data::split_for_validation(keys, share).valid) {
    const auto index = static_cast<std::size_t>(row);
    in_valid[index] = bytes < kValidationBytes;
    bytes += store.text(index).size();
  }
  for (std::size_t row = 0; row < store.size(); ++row) {
    (in_valid[row] ? valid : train).push_back(store.text(row));
  }
}

}  // namespace

void PretrainingFiles::describe(config::OptionSet& options) {
  options
      .add("text", &text, "FILE...",
           "text to learn from, in any format that training rows have; - is standard input")
      .add("valid-share", &valid_share, {0, 0.9}, "share of the documents to validate on");
}

PretrainingText read_pretraining_text(const PretrainingFiles& files, text::TextOptions& options,
                                      std::int64_t seed, const io::CacheFolder& cache,
                                      const ParallelFor& threads) {
  const data::RowStore store =
      data::stored_rows(files.text, files.corpus, /*needs_label=*/false, cache, threads);
  for (const std::string& line : store.report()) log_info(line);
  if (store.size() == 0) throw data::has_none("documents", files.text[0]);
  Texts train, valid;
  split(store, files.valid_share, seed, train, valid);
  Digest cut;
  const double facts[] = {files.valid_share, static_cast<double>(seed)};
  cut.add_values(std::span<const double>(facts));
  cut.add("pretraining " + std::to_string(store.fingerprint()));
  TokenSource source;
  source.fingerprint = cut.value()[0];
  source.text_bytes = store.text_bytes();
  source.tokenizer = [&]() -> std::shared_ptr<const text::Tokenizer> {
    return text::train_tokenizer(options, train, threads);
  };
  const auto encode = [&store, &threads](const Texts& texts) {
    return [&texts, &store, &threads](const text::Pipeline& pipeline, const TakeIds& take) {
      encode_whole(texts, store, pipeline, take, threads);
      return std::int64_t{0};  // none is truncated
    };
  };
  source.train = encode(train);
  source.valid = encode(valid);
  TokenStore tokens = stored_tokens(source, options, nullptr, cache);
  PretrainingText text = {std::move(tokens.tokenizer), std::move(tokens.train),
                          std::move(tokens.valid)};
  if (text.train.empty()) {
    throw Error("there is no text", files.text[0], "Give a file whose documents have words");
  }
  log_info(count_of(train.size()) + " documents to learn from, " + count_of(valid.size()) +
           " to validate on; vocabulary of " + format_count(text.tokenizer->size()) + " tokens");
  return text;
}

std::uint64_t PretrainingText::fingerprint() const {
  Digest digest;
  digest.add(tokenizer->serialize());
  for (const data::Documents* documents : {&train, &valid}) {
    for (std::size_t i = 0; i < documents->size(); ++i) {
      const std::uint64_t size = (*documents)[i].size();
      digest.add_values(std::span<const std::uint64_t>(&size, 1));
      digest.add_values((*documents)[i]);
    }
  }
  return digest.value()[0];
}

}  // namespace fastformer::apps
