// From text to token ids: the interface of tokenizers, and how one is trained and loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "text/fold.h"
#include "text/text_options.h"

namespace fastformer::text {

// Ids run from 0, the unknown token, to size() - 1. All functions may be called from several
// threads at once. The same text always gives the same ids.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Appends the ids of `text` (any bytes, of any length) to `ids`; linear time. All tokenizers but
  // those of pieces take no other memory than that.
  virtual void encode(std::string_view text, FoldMemory& memory,
                      std::vector<std::int32_t>& ids) const = 0;
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const {
    FoldMemory memory;
    encode(text, memory, ids);
  }
  // The number of ids.
  virtual int size() const = 0;
  virtual TokenizerKind kind() const = 0;
  // The name and the bytes of the tokenizer's file in a model folder.
  virtual std::string file_name() const = 0;
  virtual std::string serialize() const = 0;
  // The token as text. Throws an Error when there is no such id.
  virtual std::string piece(std::int32_t id) const = 0;
};

// "vocabulary.txt" for words and bytes, "sentencepiece.model" for pieces.
std::string tokenizer_file_name(TokenizerKind kind);

// The tokenizer that `options` describes, from the bytes that serialize() gave; `where` names
// their file. The bytes are not trusted: whatever is wrong with them becomes an Error.
std::unique_ptr<Tokenizer> load_tokenizer(const TextOptions& options, std::string bytes,
                                          const std::string& where);

// Learns a tokenizer from the training documents, which must be those that the model will train on
// and no others. They are taken as Pipeline takes them: HTML is stripped here if the options say
// so. Resolves what `options` leaves open, the kind kAuto and the vocabulary size 0, in place. The
// result does not depend on the number of threads. Throws an Error when there is no text, and
// when the vocabulary does not fit it. SentencePiece ends the process where an internal check of
// its own fails; the checks that input can reach are made here before it is called.
std::unique_ptr<Tokenizer> train_tokenizer(TextOptions& options,
                                           std::span<const std::string_view> documents,
                                           const ParallelFor& parallel_for);

}  // namespace fastformer::text
