// Ids of bytes, and the file that lists them.
#include "text/byte_tokenizer.h"

#include <fastformer/error.h>

#include "text/fold.h"
#include "text/vocabulary.h"

namespace fastformer::text {
namespace {

std::string piece_of_byte(unsigned byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
}

class ByteTokenizer : public Tokenizer {
 public:
  explicit ByteTokenizer(bool lowercase) : lowercase_(lowercase) {}

  void encode(std::string_view text, FoldMemory& memory,
              std::vector<std::int32_t>& ids) const override {
    if (lowercase_) text = fold(text, NormalForm::kComposed, true, memory);
    std::size_t at = ids.size();
    ids.resize(at + text.size());
    for (const char c : text) ids[at++] = static_cast<unsigned char>(c) + 1;
  }

  int size() const override { return kByteTokens; }
  TokenizerKind kind() const override { return TokenizerKind::kBytes; }
  std::string file_name() const override { return tokenizer_file_name(kind()); }

  std::string serialize() const override {
    std::string bytes;
    for (std::int32_t id = 0; id < kByteTokens; ++id) bytes += piece(id) + "\n";
    return bytes;
  }

  std::string piece(std::int32_t id) const override {
    if (id < 0 || id >= size()) throw Error("there is no token with the id " + std::to_string(id));
    return id == Vocabulary::kUnknown ? std::string(Vocabulary::kUnknownWord)
                                      : piece_of_byte(static_cast<unsigned>(id - 1));
  }

 private:
  bool lowercase_;
};

}  // namespace

std::unique_ptr<Tokenizer> byte_tokenizer(const TextOptions& options) {
  return std::make_unique<ByteTokenizer>(options.lowercase);
}

std::unique_ptr<Tokenizer> load_byte_tokenizer(const TextOptions& options, std::string_view bytes,
                                               const std::string& where) {
  std::unique_ptr<Tokenizer> tokenizer = byte_tokenizer(options);
  if (bytes != tokenizer->serialize()) {
    throw Error("is not the list of the 256 bytes", where, "Take it from the model's source again");
  }
  return tokenizer;
}

}  // namespace fastformer::text
