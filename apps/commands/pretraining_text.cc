// From files to the documents of pretraining.
#include "commands/pretraining_text.h"

#include <fastformer/error.h>

#include <limits>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "data/corpus_reader.h"
#include "data/split.h"
#include "text/pipeline.h"

namespace fastformer::apps {
namespace {

constexpr std::size_t kValidationBytes = 600'000;

std::string count_of(std::size_t count) { return format_count(static_cast<std::int64_t>(count)); }

// Documents as they are encoded: whole, in parts that the model takes.
std::vector<std::vector<std::int32_t>> encode_whole(const std::vector<std::string>& texts,
                                                    const text::Pipeline& pipeline,
                                                    std::int64_t longest,
                                                    const ParallelFor& threads) {
  std::vector<std::vector<std::int32_t>> documents;
  for (text::Document& document : pipeline.encode_all(texts, threads)) {
    for (auto& part : text::equal_parts(std::move(document.ids), longest)) {
      documents.push_back(std::move(part));
    }
  }
  return documents;
}

}  // namespace

void PretrainingFiles::describe(config::OptionSet& options) {
  options
      .add("text", &text, "FILE...",
           "text to learn from, in any format that training rows have; - is standard input")
      .add("valid-share", &valid_share, {0, 0.9}, "share of the documents to validate on");
}

PretrainingText read_pretraining_text(const PretrainingFiles& files, text::TextOptions& options,
                                      std::int64_t seed, const ParallelFor& threads) {
  data::ReadReport report;
  std::vector<data::Record> records =
      data::read_corpus(files.text, files.corpus, /*needs_label=*/false, threads, &report);
  for (const std::string& line : report.summary()) log_info(line);
  if (records.empty()) throw Error("there is no text", files.text[0]);
  std::vector<bool> in_valid(records.size(), false);
  const data::Split split =
      data::split_for_validation(records, files.valid_share, static_cast<std::uint64_t>(seed));
  std::size_t bytes = 0;
  for (std::int64_t row : split.valid) {
    const auto index = static_cast<std::size_t>(row);
    in_valid[index] = bytes < kValidationBytes;
    bytes += records[index].text.size();
  }
  std::vector<std::string> train, valid;
  for (std::size_t i = 0; i < records.size(); ++i) {
    (in_valid[i] ? valid : train).push_back(std::move(records[i].text));
  }
  PretrainingText text;
  text.tokenizer = text::train_tokenizer(options, train, threads);
  text::TextOptions whole = options;
  whole.max_length = std::numeric_limits<int>::max();
  whole.truncate = text::Truncate::kRight;
  const text::Pipeline pipeline(whole, text.tokenizer);
  text.train = encode_whole(train, pipeline, options.max_length, threads);
  text.valid = encode_whole(valid, pipeline, options.max_length, threads);
  if (text.train.empty()) throw Error("there is no text", files.text[0]);
  log_info(count_of(train.size()) + " documents to learn from, " + count_of(valid.size()) +
           " to validate on; vocabulary of " + format_count(text.tokenizer->size()) + " tokens");
  return text;
}

std::uint64_t PretrainingText::fingerprint() const {
  std::uint64_t hash = hash_of(tokenizer->serialize(), train.size());
  for (const auto* documents : {&train, &valid}) {
    for (const std::vector<std::int32_t>& ids : *documents) {
      hash =
          hash_of({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(ids[0])}, hash);
    }
  }
  return hash;
}

}  // namespace fastformer::apps
