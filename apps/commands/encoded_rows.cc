// Encoding of training and validation rows.
#include "commands/encoded_rows.h"

#include <fastformer/error.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "commands/token_store.h"
#include "text/pipeline.h"

namespace fastformer::apps {
namespace {

// Gives the ids of all rows; returns how many documents were truncated.
std::int64_t encode(const Rows& rows, const std::vector<std::string>& files,
                    const text::Pipeline& pipeline, const TakeIds& take,
                    const ParallelFor& threads) {
  std::int64_t truncated = 0;
  if (rows.size() == 0) return truncated;
  const auto place_of = [&](std::size_t i) { return rows.store->place_of(rows.numbers[i], files); };
  encode_in_blocks(pipeline, rows.texts, *rows.store, place_of, threads,
                   [&](text::Document& document) {
                     truncated += document.truncated();
                     take(document.ids);
                   });
  return truncated;
}

// Whether some training row has each of so many labels.
std::vector<bool> labels_in(const data::Targets& targets, std::size_t labels) {
  std::vector<bool> found(labels, false);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (const std::int32_t label : targets.of(i)) found[static_cast<std::size_t>(label)] = true;
  }
  return found;
}

// The targets without labels that are not learnt, whose rows are counted.
data::Targets learnt_of(const data::Targets& targets, const std::vector<bool>& learnt,
                        std::int64_t& rows) {
  data::Targets kept;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::vector<std::int32_t> labels;
    std::vector<float> shares;
    for (std::size_t k = 0; k < targets.of(i).size(); ++k) {
      const auto label = static_cast<std::size_t>(targets.of(i)[k]);
      if (label >= learnt.size() || !learnt[label]) continue;
      labels.push_back(targets.of(i)[k]);
      shares.push_back(targets.shares_of(i)[k]);
    }
    rows += labels.size() < targets.of(i).size();
    kept.add(labels, shares);
  }
  return kept;
}

}  // namespace

void EncodedRows::log() const {
  log_info("vocabulary of " + format_count(tokenizer->size()) + " tokens");
  const auto warn_of_truncated = [](std::int64_t truncated, std::size_t of) {
    if (truncated == 0) return;
    log_warning(format_count(truncated) + " of " + format_count(static_cast<std::int64_t>(of)) +
                " documents are longer than --max-length and were truncated");
  };
  warn_of_truncated(truncated_train, train.size());
  warn_of_truncated(truncated_valid, valid.size());
  if (unknown_valid > 0) {
    log_warning(format_count(unknown_valid) +
                " validation rows have a label that no training row has");
  }
}

EncodedRows encode_rows(const TrainingRows& rows, text::TextOptions& options,
                        std::shared_ptr<const text::Tokenizer> tokenizer,
                        const io::CacheFolder& cache, const ParallelFor& threads) {
  TokenSource source;
  source.fingerprint = rows.fingerprint();
  source.text_bytes = rows.train.store->text_bytes();
  source.tokenizer = [&]() -> std::shared_ptr<const text::Tokenizer> {
    return tokenizer ? tokenizer : text::train_tokenizer(options, rows.train.texts, threads);
  };
  source.train = [&](const text::Pipeline& pipeline, const TakeIds& take) {
    return encode(rows.train, rows.train_files, pipeline, take, threads);
  };
  source.valid = [&](const text::Pipeline& pipeline, const TakeIds& take) {
    return encode(rows.valid, rows.valid_files, pipeline, take, threads);
  };
  TokenStore store = stored_tokens(source, options, tokenizer.get(), cache);
  EncodedRows encoded;
  encoded.tokenizer = std::move(store.tokenizer);
  encoded.train.ids = std::move(store.train);
  encoded.valid.ids = std::move(store.valid);
  encoded.truncated_train = store.truncated_train;
  encoded.truncated_valid = store.truncated_valid;
  const std::vector<bool> learnt = labels_in(rows.train.targets, rows.labels.size());
  std::int64_t unknown_train = 0;  // none: they are all learnt
  encoded.train.targets = learnt_of(rows.train.targets, learnt, unknown_train);
  encoded.valid.targets = learnt_of(rows.valid.targets, learnt, encoded.unknown_valid);
  return encoded;
}

}  // namespace fastformer::apps
