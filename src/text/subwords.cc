// Cuts a word into n-grams and hashes them.
#include "text/subwords.h"

#include <algorithm>
#include <string>

#include "base/random.h"
#include "text/utf8.h"
#include "text/vocabulary.h"

namespace fastformer::text {

void append_subwords(std::string_view word, std::int32_t rows, std::vector<std::int32_t>& found) {
  const std::string marked = "<" + std::string(word) + ">";
  std::vector<std::size_t> starts;  // of the characters, and the end
  const char* const end = marked.data() + marked.size();
  for (const char* at = marked.data(); at < end; at += decode_utf8(at, end).length) {
    starts.push_back(static_cast<std::size_t>(at - marked.data()));
  }
  starts.push_back(marked.size());
  const std::size_t characters = starts.size() - 1;
  for (std::size_t first = 0; first < characters; ++first) {
    const std::size_t longest = std::min<std::size_t>(kLongestSubword, characters - first);
    for (std::size_t length = kShortestSubword; length <= longest; ++length) {
      const std::size_t begin = starts[first];
      const std::string_view piece(marked.data() + begin, starts[first + length] - begin);
      found.push_back(static_cast<std::int32_t>(hash_of(piece) % static_cast<std::uint64_t>(rows)));
    }
  }
}

SubwordLists subwords_of(const Tokenizer& tokenizer, std::int32_t rows) {
  SubwordLists lists;
  for (std::int32_t id = 0; id < tokenizer.size(); ++id) {
    if (id != Vocabulary::kUnknown) append_subwords(tokenizer.piece(id), rows, lists.rows);
    lists.offsets.push_back(static_cast<std::int64_t>(lists.rows.size()));
  }
  return lists;
}

}  // namespace fastformer::text
