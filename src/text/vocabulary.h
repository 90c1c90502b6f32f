// The words that a model knows and their ids; stored as vocabulary.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "text/word_table.h"

namespace fastformer::text {

// Ids are 0 for every unknown word, then 1, 2, ... from the most to the least frequent word.
class Vocabulary {
 public:
  static constexpr std::int32_t kUnknown = 0;
  static constexpr std::string_view kUnknownWord = "<unk>";
  static constexpr std::size_t kLongestWord = 256;    // bytes; longer words stay unknown
  static constexpr std::int32_t kLargest = 10000000;  // words

  // The at most max_size - 1 most frequent words that occur min_count times or more. Ties are
  // broken by bytes, so that the order of counting does not matter.
  static Vocabulary build(const WordCounts& counts, std::int64_t min_count, std::int32_t max_size);

  // Reads what save() wrote: "<unk>" and then a word per line. Throws an Error that names the line
  // ("WHERE:7") of a word that is empty, double, too long, not UTF-8 or holds a control character,
  // of one too many, and of a missing last line break.
  static Vocabulary load(std::string_view bytes, const std::string& where);
  std::string save() const;

  std::int32_t id(std::string_view word) const {
    const std::int32_t found = word.size() <= kLongestWord ? words_.find(word) : kUnknown;
    return found < 0 ? kUnknown : found;
  }
  // `id` must be in [0, size()).
  std::string_view word(std::int32_t id) const { return words_.word(id); }
  std::int32_t size() const { return words_.size(); }

 private:
  Vocabulary() { words_.insert(kUnknownWord); }

  WordTable words_;
};

}  // namespace fastformer::text
