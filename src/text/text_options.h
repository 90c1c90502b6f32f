// How a document's bytes become token ids; stored with the model so that training and use agree.
#pragma once

#include "config/options.h"

namespace fastformer::text {

enum class TokenizerKind {
  kAuto,        // word, or unigram where the corpus is written without spaces
  kWord,        // the authors' wordpunct rule, Unicode-aware, with a vocabulary
  kWhitespace,  // what stands between white space, with a vocabulary
  kUnigram,     // SentencePiece, unigram model
  kBpe,         // SentencePiece, byte-pair encoding
  kBytes,       // the bytes of the text
};

// Whether tokens are words of a vocabulary that was counted.
constexpr bool is_of_words(TokenizerKind kind) {
  return kind == TokenizerKind::kWord || kind == TokenizerKind::kWhitespace;
}

// Which part of a document longer than max_length is kept.
enum class Truncate {
  kRight,     // the beginning; the right end is cut
  kLeft,      // the end; the left end is cut
  kHeadTail,  // the first half and the last half of max_length
  kError,     // refuse the document
};

struct TextOptions {
  TokenizerKind tokenizer = TokenizerKind::kAuto;
  bool lowercase = true;
  bool strip_html = false;
  int vocabulary_size = 0;  // tokens, the unknown one included; 0: 100,000 words or 16,000 pieces;
                            // bytes are always 257
  int min_count = 2;        // occurrences in the training split that a word needs
  int max_length = 512;     // tokens
  Truncate truncate = Truncate::kRight;

  void describe(config::OptionSet& options);
};

}  // namespace fastformer::text
