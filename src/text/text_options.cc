// Field list of TextOptions.
#include "text/text_options.h"

namespace fastformer::text {

void TextOptions::describe(config::OptionSet& options) {
  options.group("Text")
      .add("tokenizer", &tokenizer,
           {{"auto", TokenizerKind::kAuto},
            {"word", TokenizerKind::kWord},
            {"whitespace", TokenizerKind::kWhitespace},
            {"unigram", TokenizerKind::kUnigram},
            {"bpe", TokenizerKind::kBpe},
            {"bytes", TokenizerKind::kBytes}},
           "words (runs of letters and digits, or of other signs), what white space parts, "
           "SentencePiece pieces, or bytes; auto takes pieces for text without spaces, else words")
      .add("lowercase", &lowercase, "fold letters to lower case")
      .add("strip-html", &strip_html, "remove tags and decode entities")
      .add("vocabulary-size", &vocabulary_size, {0, 10000000},
           "most tokens to know; 0 means 100000 words or 16000 pieces; bytes are all known")
      .add("min-count", &min_count, {1, 1000000}, "occurrences that a word needs to be known")
      .add("max-length", &max_length, {1, 16777216}, "tokens of a document that the encoder reads")
      .add("truncate", &truncate,
           {{"right", Truncate::kRight},
            {"left", Truncate::kLeft},
            {"head-tail", Truncate::kHeadTail},
            {"error", Truncate::kError}},
           "which end of a longer document is cut");
}

}  // namespace fastformer::text
