// Hashed word and character n-grams of a whole document: what the wide branch reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/fold.h"

namespace fastformer::text {

// Which n-grams are taken and how many buckets they are hashed into.
struct NgramOptions {
  int words = 3;       // n-grams of 1 .. words words
  int word_bits = 21;  // 2^word_bits buckets for them
  int shortest = 3;    // n-grams of shortest .. longest characters inside a word
  int longest = 5;     // 0: none
  int character_bits = 18;
  bool lowercase = true;
  bool strip_html = false;

  // Buckets [0, word_buckets()) hold n-grams of words, [word_buckets(), buckets()) of characters.
  std::uint32_t word_buckets() const { return std::uint32_t{1} << word_bits; }
  std::uint32_t buckets() const {
    return word_buckets() + (longest > 0 ? std::uint32_t{1} << character_bits : 0);
  }
};

struct NgramCount {
  std::uint32_t bucket = 0;
  std::uint32_t count = 0;
};

// Counts n-grams, reusing its memory from text to text; one per thread. A word here is a run of
// letters and numbers, a single punctuation mark, or one letter of a script that is written without
// spaces.
class NgramCounter {
 public:
  explicit NgramCounter(const NgramOptions& options) : options_(options) {}

  // The buckets that `text` (UTF-8, any length) falls into, in ascending order, and how often.
  // Linear in the text but for the sorting. Valid until the next call.
  const std::vector<NgramCount>& count(std::string_view text);

 private:
  void add_run(std::string_view run);
  void add_word(std::string_view word);
  void add_character_ngrams(std::string_view word);
  void collect();

  NgramOptions options_;
  std::string stripped_;
  FoldMemory folded_;
  std::vector<std::uint64_t> history_;  // hashes of the last words - 1 words, the latest first
  std::vector<std::uint32_t> found_;    // a bucket per occurrence
  std::vector<std::uint32_t> sorted_;   // room for the radix sort
  std::vector<std::size_t> starts_;     // of a word's characters
  std::vector<NgramCount> counts_;
};

}  // namespace fastformer::text
