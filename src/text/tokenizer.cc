// Choice of the tokenizer.
#include "text/tokenizer.h"

#include <fastformer/error.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "text/byte_tokenizer.h"
#include "text/scripts.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/word_tokenizer.h"

namespace fastformer::text {
namespace {

constexpr int kDefaultWords = 100000;
constexpr int kDefaultPieces = 16000;

void resolve(TextOptions& options, std::span<const std::string_view> documents) {
  if (options.tokenizer == TokenizerKind::kAuto) {
    options.tokenizer = TokenizerKind::kWord;
    if (lack_spaces(documents)) {
      options.tokenizer = TokenizerKind::kUnigram;
      log_info("The corpus is written without spaces: it is cut into SentencePiece pieces.");
    }
  }
  if (options.tokenizer == TokenizerKind::kBytes) options.vocabulary_size = kByteTokens;
  if (options.vocabulary_size == 0) {
    options.vocabulary_size = is_of_words(options.tokenizer) ? kDefaultWords : kDefaultPieces;
  }
}

}  // namespace

std::string tokenizer_file_name(TokenizerKind kind) {
  return kind == TokenizerKind::kUnigram || kind == TokenizerKind::kBpe ? "sentencepiece.model"
                                                                        : "vocabulary.txt";
}

std::unique_ptr<Tokenizer> load_tokenizer(const TextOptions& options, std::string bytes,
                                          const std::string& where) {
  switch (options.tokenizer) {
    case TokenizerKind::kWord:
    case TokenizerKind::kWhitespace:
      return load_word_tokenizer(options, bytes, where);
    case TokenizerKind::kUnigram:
    case TokenizerKind::kBpe:
      return load_sentencepiece_tokenizer(options, std::move(bytes), where);
    case TokenizerKind::kBytes:
      return load_byte_tokenizer(options, bytes, where);
    case TokenizerKind::kAuto:
      break;
  }
  throw Error("the model does not say which tokenizer it uses", where,
              "Set \"tokenizer\" in its configuration to word, whitespace, unigram, bpe or bytes");
}

std::unique_ptr<Tokenizer> train_tokenizer(TextOptions& options,
                                           std::span<const std::string_view> documents,
                                           const ParallelFor& parallel_for) {
  if (std::all_of(documents.begin(), documents.end(),
                  [](std::string_view document) { return document.empty(); })) {
    throw Error("there is no text to learn a vocabulary from", "",
                "Give training files with text, and check which column holds it");
  }
  resolve(options, documents);
  if (options.vocabulary_size < 2) {
    throw usage_error("a vocabulary of one token knows no word", "--vocabulary-size",
                      "Give at least 2, or 0 for the default");
  }
  if (options.tokenizer == TokenizerKind::kBytes) return byte_tokenizer(options);
  return is_of_words(options.tokenizer) ? train_word_tokenizer(options, documents, parallel_for)
                                        : train_sentencepiece_tokenizer(options, documents);
}

}  // namespace fastformer::text
