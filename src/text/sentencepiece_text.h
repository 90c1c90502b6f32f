// Text as SentencePiece gets it from us, in training and in use alike.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace fastformer::text {

// Longest sentence in bytes. The bound keeps long documents linear (the library joins runs of
// unknown characters by repeated copying) and scores exact (it adds them up in single precision).
inline constexpr std::size_t kLongestSentence = 2048;

// NFKC, lower case if asked, every word and nothing else preceded by exactly one blank; spaces of
// all kinds and the two characters that the library reserves (U+2581, U+2585) count as blanks.
std::string prepare_for_pieces(std::string_view text, bool lowercase);

// Cuts prepared text into sentences of at most kLongestSentence bytes: before a blank if there is
// one, else after punctuation, else between two characters.
void for_each_sentence(std::string_view prepared,
                       const std::function<void(std::string_view)>& visit);

}  // namespace fastformer::text
