// Blanks and cuts for SentencePiece.
#include "text/sentencepiece_text.h"

#include "text/fold.h"
#include "text/utf8.h"
#include "text/words.h"

namespace fastformer::text {
namespace {

constexpr std::int32_t kBlankSymbol = 0x2581;
constexpr std::int32_t kUnknownSymbol = 0x2585;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Where the sentence at the start of `text`, which is too long, ends.
std::size_t sentence_end(std::string_view text) {
  const std::size_t blank = text.rfind(' ', kLongestSentence);
  if (blank != std::string_view::npos && blank > 0) return blank;
  const std::size_t longest = character_boundary(text, kLongestSentence);
  std::size_t end = longest;
  while (end > 0) {
    std::size_t begin = end - 1;
    while (begin > 0 && is_continuation(text[begin])) --begin;
    int length = 0;
    const CharacterClass found = class_at(text.data() + begin, text.data() + end, length);
    if (found == CharacterClass::kPunctuation) return end;
    end = begin;
  }
  return longest;
}

}  // namespace

std::string prepare_for_pieces(std::string_view text, bool lowercase) {
  std::string scratch;
  const std::string_view folded = fold(text, NormalForm::kCompatible, lowercase, scratch);
  std::string prepared;
  prepared.reserve(folded.size() + 1);
  bool blank_due = true;
  const char* const end = folded.data() + folded.size();
  for (const char* at = folded.data(); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    if (class_of(point.value) == CharacterClass::kSpace || point.value == kBlankSymbol ||
        point.value == kUnknownSymbol) {
      blank_due = true;
    } else {
      if (blank_due) prepared += ' ';
      blank_due = false;
      prepared.append(at, static_cast<std::size_t>(point.length));
    }
    at += point.length;
  }
  return prepared;
}

void for_each_sentence(std::string_view prepared,
                       const std::function<void(std::string_view)>& visit) {
  while (!prepared.empty()) {
    const std::size_t length =
        prepared.size() <= kLongestSentence ? prepared.size() : sentence_end(prepared);
    visit(prepared.substr(0, length));
    prepared.remove_prefix(length);
  }
}

}  // namespace fastformer::text
