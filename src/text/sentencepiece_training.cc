// Training of a SentencePiece model from documents in memory.
#include <fastformer/error.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "text/html.h"
#include "text/scripts.h"
#include "text/sentencepiece_text.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/utf8.h"

namespace fastformer::text {
namespace {

constexpr std::size_t kMostTrainingBytes = std::size_t{8} << 20;
// The library's byte-pair training takes most of a minute a megabyte where a word is a sentence.
constexpr std::size_t kMostUnspacedPairBytes = std::size_t{2} << 20;
// Below this every character of the corpus gets an id of its own.
constexpr std::size_t kSmallCorpusBytes = std::size_t{1} << 20;
constexpr double kCoverage = 0.9995;  // of the characters of a larger corpus

class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string> sentences) : sentences_(std::move(sentences)) {}

  bool done() const override { return next_ == sentences_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return sentences_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> sentences_;
  std::size_t next_ = 0;
};

struct Sample {
  std::vector<std::string> sentences;
  std::size_t bytes = 0;
};

// Sentences of evenly spaced documents.
Sample sample_sentences(const TextOptions& options, std::span<const std::string_view> documents) {
  const bool is_slow = options.tokenizer == TokenizerKind::kBpe && lack_spaces(documents);
  const std::size_t limit = is_slow ? kMostUnspacedPairBytes : kMostTrainingBytes;
  std::size_t total = 0;
  for (const std::string_view document : documents) total += document.size();
  const std::size_t stride = total / limit + 1;
  Sample sample;
  for (std::size_t i = 0; i < documents.size() && sample.bytes < limit; i += stride) {
    const std::string prepared = prepare_for_pieces(
        options.strip_html ? strip_html(documents[i]) : std::string(documents[i]),
        options.lowercase);
    for_each_sentence(prepared, [&](std::string_view sentence) {
      if (sample.bytes >= limit) return;
      sample.sentences.emplace_back(sentence);
      sample.bytes += sentence.size();
    });
  }
  return sample;
}

// How many different characters, from the most frequent on, make up `coverage` of the text.
std::int64_t alphabet_size(const std::vector<std::string>& sentences, double coverage) {
  std::unordered_map<std::int32_t, std::int64_t> counts;
  std::int64_t total = 0;
  for (const std::string& sentence : sentences) {
    const char* const end = sentence.data() + sentence.size();
    for (const char* at = sentence.data(); at < end; ++total) {
      const CodePoint point = decode_utf8(at, end);
      ++counts[point.value];
      at += point.length;
    }
  }
  std::vector<std::int64_t> sorted;
  for (const auto& [point, count] : counts) sorted.push_back(count);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::int64_t size = 0;
  for (std::int64_t covered = 0; size < static_cast<std::int64_t>(sorted.size()); ++size) {
    if (static_cast<double>(covered) >= coverage * static_cast<double>(total)) break;
    covered += sorted[static_cast<std::size_t>(size)];
  }
  return size;
}

// The words of the library's message without the source line that it begins with.
std::string reason_of(const sentencepiece::util::Status& status) {
  std::string message = status.error_message();
  const std::size_t end = message.rfind("] ");
  if (end != std::string::npos) message.erase(0, end + 2);
  while (message.ends_with('.')) message.pop_back();
  return message;
}

}  // namespace

std::unique_ptr<Tokenizer> train_sentencepiece_tokenizer(
    const TextOptions& options, std::span<const std::string_view> documents) {
  Sample sample = sample_sentences(options, documents);
  if (sample.sentences.empty()) {
    throw Error("there is nothing but blanks in the training documents", "",
                "Check which column holds the text");
  }
  const bool small = sample.bytes < kSmallCorpusBytes;
  const std::int64_t alphabet = alphabet_size(sample.sentences, small ? 1.0 : kCoverage);
  if (alphabet >= options.vocabulary_size) {
    throw Error("the text has " + format_count(alphabet) +
                    " different characters, more than a vocabulary of " +
                    format_count(options.vocabulary_size) + " tokens can hold",
                "--vocabulary-size",
                "Give at least " + format_count(alphabet + 1) + ", or --tokenizer word");
  }
  // Blanks, normal form and lower case are settled by prepare_for_pieces.
  const std::unordered_map<std::string, std::string> settings = {
      {"model_type", options.tokenizer == TokenizerKind::kUnigram ? "unigram" : "bpe"},
      {"vocab_size", std::to_string(options.vocabulary_size)},
      {"hard_vocab_limit", "false"},
      {"character_coverage", small ? "1.0" : format_double(kCoverage)},
      {"normalization_rule_name", "identity"},
      {"add_dummy_prefix", "false"},
      {"remove_extra_whitespaces", "false"},
      {"max_sentence_length", std::to_string(kLongestSentence)},
      {"num_threads", "1"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"minloglevel", "3"},
  };
  Sentences iterator(std::move(sample.sentences));
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &iterator, &model);
  if (!status.ok()) {
    throw Error("SentencePiece cannot learn " + format_count(options.vocabulary_size) +
                    " pieces from this text: " + reason_of(status),
                "", "Give more text, another --vocabulary-size, or --tokenizer word");
  }
  return load_sentencepiece_tokenizer(options, std::move(model), "the trained model");
}

}  // namespace fastformer::text
