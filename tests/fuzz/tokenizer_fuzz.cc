// Tokenizers' files and texts: the first byte chooses, a line "----" parts the file from the text.
#include <algorithm>
#include <string>
#include <vector>

#include "target.h"
#include "text/tokenizer.h"

namespace fastformer::fuzz {

void run(std::string_view bytes) {
  if (bytes.empty()) return;
  constexpr std::string_view kBetween = "\n----\n";
  const auto choice = static_cast<unsigned char>(bytes[0]);
  const std::string_view rest = bytes.substr(1);
  const std::size_t at = rest.find(kBetween);
  text::TextOptions options;
  using enum text::TokenizerKind;
  constexpr text::TokenizerKind kKinds[] = {kWord, kUnigram, kBytes, kWhitespace, kWord, kBpe};
  options.tokenizer = kKinds[std::min((choice & 1) | (choice >> 1 & 6), 5)];
  options.lowercase = (choice & 2) != 0;
  // Of a file of lines the line break belongs to its last.
  const bool is_lines = options.tokenizer != kUnigram && options.tokenizer != kBpe;
  const std::string file(at == rest.npos ? rest : rest.substr(0, at + is_lines));
  const std::string_view text = at == rest.npos ? rest : rest.substr(at + kBetween.size());
  const auto tokenizer = text::load_tokenizer(options, file, "input");
  std::vector<std::int32_t> ids;
  tokenizer->encode(text, ids);
  for (const std::int32_t id : ids) {
    promise(id >= 0 && id < tokenizer->size());
    tokenizer->piece(id);
  }
}

}  // namespace fastformer::fuzz
