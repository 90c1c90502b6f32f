// Splits by the word rule or at white space and looks each word up; counts words to choose the
// vocabulary.
#include "text/word_tokenizer.h"

#include <fastformer/error.h>

#include <mutex>
#include <utility>

#include "base/strings.h"
#include "text/fold.h"
#include "text/html.h"
#include "text/vocabulary.h"
#include "text/words.h"

namespace fastformer::text {
namespace {

// Calls visit(std::string_view) for each word of `text`, folded as `options` say.
template <typename Visit>
void for_each_token(const TextOptions& options, std::string_view text, FoldMemory& memory,
                    Visit&& visit) {
  const std::string_view folded = fold(text, NormalForm::kComposed, options.lowercase, memory);
  if (options.tokenizer == TokenizerKind::kWhitespace) {
    for_each_spaced(folded, visit);
  } else {
    for_each_word(folded, visit);
  }
}

class WordTokenizer : public Tokenizer {
 public:
  WordTokenizer(const TextOptions& options, Vocabulary vocabulary)
      : options_(options), vocabulary_(std::move(vocabulary)) {}

  void encode(std::string_view text, FoldMemory& memory,
              std::vector<std::int32_t>& ids) const override {
    for_each_token(options_, text, memory,
                   [&](std::string_view word) { ids.push_back(vocabulary_.id(word)); });
  }

  int size() const override { return vocabulary_.size(); }
  TokenizerKind kind() const override { return options_.tokenizer; }
  std::string file_name() const override { return tokenizer_file_name(kind()); }
  std::string serialize() const override { return vocabulary_.save(); }

  std::string piece(std::int32_t id) const override {
    if (id < 0 || id >= size()) throw Error("there is no token with the id " + std::to_string(id));
    return std::string(vocabulary_.word(id));
  }

 private:
  TextOptions options_;
  Vocabulary vocabulary_;
};

WordCounts count_words(const TextOptions& options, std::span<const std::string_view> documents,
                       const ParallelFor& parallel_for) {
  WordCounts total;
  std::mutex mutex;
  const auto count_range = [&](std::int64_t begin, std::int64_t end) {
    WordCounts counts;
    FoldMemory memory;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::string_view document = documents[static_cast<std::size_t>(i)];
      const std::string stripped = options.strip_html ? strip_html(document) : std::string();
      const std::string_view text = options.strip_html ? stripped : document;
      for_each_token(options, text, memory, [&](std::string_view word) {
        if (word.size() <= Vocabulary::kLongestWord) counts.add(word);
      });
    }
    const std::lock_guard lock(mutex);
    if (total.size() == 0) {
      total = std::move(counts);
    } else {
      total.add(counts);
    }
  };
  parallel_for(static_cast<std::int64_t>(documents.size()), 64, count_range);
  return total;
}

}  // namespace

std::unique_ptr<Tokenizer> load_word_tokenizer(const TextOptions& options, std::string_view bytes,
                                               const std::string& where) {
  return std::make_unique<WordTokenizer>(options, Vocabulary::load(bytes, where));
}

std::unique_ptr<Tokenizer> train_word_tokenizer(const TextOptions& options,
                                                std::span<const std::string_view> documents,
                                                const ParallelFor& parallel_for) {
  const WordCounts counts = count_words(options, documents, parallel_for);
  if (counts.size() == 0) {
    throw Error("there is no word in the training documents", "",
                "Check which column holds the text");
  }
  Vocabulary vocabulary = Vocabulary::build(counts, options.min_count, options.vocabulary_size);
  if (vocabulary.size() == 1) {
    throw Error(
        "no word occurs " + format_count(options.min_count) + " times in the training documents",
        "", "Lower --min-count or give more text");
  }
  return std::make_unique<WordTokenizer>(options, std::move(vocabulary));
}

}  // namespace fastformer::text
