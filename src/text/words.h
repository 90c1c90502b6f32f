// The word rules: where words begin and end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fastformer::text {

enum class CharacterClass : std::uint8_t {
  kSpace,        // parts words and is dropped
  kWord,         // letters, numbers and '_'
  kPunctuation,  // all else that can be seen
  kMark,         // belongs to the character before it
  kBeyondAscii,  // a byte that needs decoding
};

// Unicode's view of a code point: letters (L) and numbers (N) are words; combining marks (M) and
// the joiners U+200C and U+200D are marks; separators (Z), controls (Cc) and what is not UTF-8 are
// spaces.
CharacterClass class_of(std::int32_t code_point);

// Decodes and classifies the character at `at`; `length` becomes its length in bytes.
CharacterClass class_at(const char* at, const char* end, int& length);

// Class of a byte below 0x80, kBeyondAscii for the others.
extern const std::array<CharacterClass, 256> kByteClass;

// Calls visit(std::string_view) for each maximal run of word characters and each maximal run of
// punctuation, in order: the authors' tokenizer, nltk's wordpunct, is the expression
// "\w+|[^\w\s]+". It differs from Python's reading of that in one point: there a combining mark or
// a joiner is punctuation, which breaks words of Indic scripts, Arabic and Persian; here it belongs
// to the run that it follows. The pieces lie in `text`; nothing is allocated.
template <typename Visit>
void for_each_word(std::string_view text, Visit&& visit) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    CharacterClass run = kByteClass[static_cast<unsigned char>(*at)];
    int length = 1;
    if (run == CharacterClass::kBeyondAscii) run = class_at(at, end, length);
    const char* const begin = at;
    at += length;
    if (run == CharacterClass::kSpace) continue;
    if (run == CharacterClass::kMark) run = CharacterClass::kPunctuation;
    while (at < end) {
      CharacterClass next = kByteClass[static_cast<unsigned char>(*at)];
      if (next == run) {
        ++at;
        continue;
      }
      if (next != CharacterClass::kBeyondAscii) break;
      next = class_at(at, end, length);
      if (next != run && next != CharacterClass::kMark) break;
      at += length;
    }
    visit(std::string_view(begin, static_cast<std::size_t>(at - begin)));
  }
}

// Calls visit(std::string_view) for each maximal run of what is not a space. The runs lie in
// `text`.
template <typename Visit>
void for_each_spaced(std::string_view text, Visit&& visit) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* begin = nullptr;
  const auto finish = [&] {
    if (begin) visit(std::string_view(begin, static_cast<std::size_t>(at - begin)));
    begin = nullptr;
  };
  while (at < end) {
    CharacterClass found = kByteClass[static_cast<unsigned char>(*at)];
    int length = 1;
    if (found == CharacterClass::kBeyondAscii) found = class_at(at, end, length);
    if (found == CharacterClass::kSpace) {
      finish();
    } else if (!begin) {
      begin = at;
    }
    at += length;
  }
  finish();
}

}  // namespace fastformer::text
