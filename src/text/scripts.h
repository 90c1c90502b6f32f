// Writing systems that put no spaces between words.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fastformer::text {

// Whether `code_point` is of Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar or Tibetan.
bool is_written_without_spaces(std::int32_t code_point);

// The share of such letters among all letters of an evenly spaced sample of the documents, or 0
// where there are no letters.
double share_without_spaces(std::span<const std::string> documents);

// Whether that share is large enough (above 0.3) that words cannot be told by spaces.
bool lack_spaces(std::span<const std::string> documents);

}  // namespace fastformer::text
