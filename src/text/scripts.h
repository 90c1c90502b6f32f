// Writing systems that put no spaces between words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fastformer::text {

// Whether `code_point` is of Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar or Tibetan.
bool is_written_without_spaces(std::int32_t code_point);

// Letters of some text, and how many of them are of such a script.
struct LetterCounts {
  std::int64_t letters = 0;
  std::int64_t without_spaces = 0;

  LetterCounts& operator+=(const LetterCounts& other);
  double share() const;  // 0 where there are no letters
};

// Adds the letters in the first 1000 bytes of a document.
void count_letters(std::string_view document, LetterCounts& counts);

// Whether the share is large enough (above 0.3) that words cannot be told by spaces.
bool lack_spaces(const LetterCounts& counts);

// The share of such letters among all letters of an evenly spaced sample of the documents, or 0
// where there are no letters.
double share_without_spaces(std::span<const std::string_view> documents);

bool lack_spaces(std::span<const std::string_view> documents);

}  // namespace fastformer::text
