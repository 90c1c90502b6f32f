// Choice of the words to know, and reading and writing of them.
#include "text/vocabulary.h"

#include <fastformer/error.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "text/utf8.h"

namespace fastformer::text {
namespace {

// Why `word` cannot stand in a vocabulary, or nullptr.
const char* fault_of(std::string_view word) {
  if (word.empty()) return "the line is empty";
  if (word.size() > Vocabulary::kLongestWord) return "the word is longer than 256 bytes";
  const char* const end = word.data() + word.size();
  for (const char* at = word.data(); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    if (point.value == kInvalid) return "the word is not valid UTF-8";
    if (is_control(point.value)) return "the word holds a control character";
    at += point.length;
  }
  return nullptr;
}

[[noreturn]] void fail(const std::string& what, const std::string& where, std::int64_t line) {
  throw Error(what, where + ":" + std::to_string(line),
              "The vocabulary is damaged: take it from the model's source again");
}

}  // namespace

Vocabulary Vocabulary::build(const WordCounts& counts, std::int64_t min_count,
                             std::int32_t max_size) {
  std::vector<std::int32_t> chosen;
  for (std::int32_t i = 0; i < counts.size(); ++i) {
    if (counts.count(i) >= min_count && fault_of(counts.word(i)) == nullptr) chosen.push_back(i);
  }
  const auto limit = static_cast<std::size_t>(std::clamp(max_size, 1, kLargest)) - 1;
  const std::size_t kept = std::min(limit, chosen.size());
  std::partial_sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(kept),
                    chosen.end(), [&](std::int32_t a, std::int32_t b) {
                      if (counts.count(a) != counts.count(b)) {
                        return counts.count(a) > counts.count(b);
                      }
                      return counts.word(a) < counts.word(b);
                    });
  Vocabulary vocabulary;
  for (std::size_t i = 0; i < kept; ++i) vocabulary.words_.insert(counts.word(chosen[i]));
  return vocabulary;
}

Vocabulary Vocabulary::load(std::string_view bytes, const std::string& where) {
  Vocabulary vocabulary;
  const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  // A word has a byte at least, and its end: what says otherwise is refused below.
  const std::size_t most = std::min<std::size_t>(bytes.size() / 2, kLargest);
  if (lines <= most) vocabulary.words_.reserve(lines, bytes.size());
  std::int64_t line = 0;
  while (!bytes.empty()) {
    ++line;
    const std::size_t length = bytes.find('\n');
    if (length == std::string_view::npos) fail("the last line has no end", where, line);
    const std::string_view word = bytes.substr(0, length);
    bytes.remove_prefix(length + 1);
    if (line == 1) {
      if (word != kUnknownWord) fail("the first word is not <unk>", where, line);
      continue;
    }
    if (const char* fault = fault_of(word)) fail(fault, where, line);
    if (line > kLargest) fail("there are more than 10,000,000 words", where, line);
    if (vocabulary.words_.insert(word) != line - 1) {
      fail("the word \"" + printable(word) + "\" stands here a second time", where, line);
    }
  }
  if (line == 0) fail("the vocabulary is empty", where, 1);
  return vocabulary;
}

std::string Vocabulary::save() const {
  std::string bytes;
  for (std::int32_t id = 0; id < size(); ++id) {
    bytes.append(word(id));
    bytes += '\n';
  }
  return bytes;
}

}  // namespace fastformer::text
