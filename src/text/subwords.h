// Character n-grams of words, hashed to the rows of a table.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace fastformer::text {

inline constexpr int kShortestSubword = 3;  // characters, the marks included
inline constexpr int kLongestSubword = 5;

// Appends the row in [0, rows) of each run of 3 to 5 characters of "<word>", as fastText takes them
// (Bojanowski et al., 2017, section 3.2): by where they begin, the shorter ones first. A character
// is a code point; of bytes that are not UTF-8 each is one.
void append_subwords(std::string_view word, std::int32_t rows, std::vector<std::int32_t>& found);

// The rows of a vocabulary's subwords, id by id: id i has rows[offsets[i] .. offsets[i + 1]).
struct SubwordLists {
  std::vector<std::int64_t> offsets = {0};
  std::vector<std::int32_t> rows;
};

// Of every id of `tokenizer`; the unknown word has none.
SubwordLists subwords_of(const Tokenizer& tokenizer, std::int32_t rows);

}  // namespace fastformer::text
