// Splits into words, hashes their n-grams and counts equal buckets after a radix sort.
#include "text/ngrams.h"

#include <algorithm>
#include <array>

#include "base/random.h"
#include "text/html.h"
#include "text/scripts.h"
#include "text/utf8.h"
#include "text/words.h"

namespace fastformer::text {
namespace {

constexpr std::uint64_t kWordSeed = 0x77;
constexpr std::uint64_t kCharacterSeed = 0x63;

std::uint32_t bucket_of(std::uint64_t hash, int bits) {
  return static_cast<std::uint32_t>(hash >> (64 - bits));
}

bool is_word_run(std::string_view run) {
  int length = 1;
  const CharacterClass first = kByteClass[static_cast<unsigned char>(run[0])];
  if (first != CharacterClass::kBeyondAscii) return first == CharacterClass::kWord;
  return class_at(run.data(), run.data() + run.size(), length) == CharacterClass::kWord;
}

// Least significant digit first; buckets have at most 24 bits.
void sort_buckets(std::vector<std::uint32_t>& values, std::vector<std::uint32_t>& room) {
  constexpr std::size_t kSmall = 256;
  if (values.size() < kSmall) {
    std::sort(values.begin(), values.end());
    return;
  }
  room.resize(values.size());
  for (int shift = 0; shift < 24; shift += 8) {
    std::array<std::size_t, 257> ends = {};
    for (std::uint32_t value : values) ++ends[((value >> shift) & 255) + 1];
    for (std::size_t digit = 0; digit < 256; ++digit) ends[digit + 1] += ends[digit];
    for (std::uint32_t value : values) room[ends[(value >> shift) & 255]++] = value;
    values.swap(room);
  }
}

}  // namespace

const std::vector<NgramCount>& NgramCounter::count(std::string_view text) {
  found_.clear();
  history_.clear();
  if (options_.strip_html) {
    strip_html(text, stripped_);
    text = stripped_;
  }
  for_each_word(fold(text, NormalForm::kComposed, options_.lowercase, folded_),
                [this](std::string_view run) { add_run(run); });
  collect();
  return counts_;
}

// Parts a run of punctuation, and letters that are written without spaces, into characters.
void NgramCounter::add_run(std::string_view run) {
  const bool is_word = is_word_run(run);
  if (is_word && ascii_prefix(run) == run.size()) return add_word(run);
  std::size_t begin = 0;
  for (std::size_t at = 0; at < run.size();) {
    const CodePoint point = decode_utf8(run.data() + at, run.data() + run.size());
    const std::size_t end = at + static_cast<std::size_t>(point.length);
    if (!is_word || is_written_without_spaces(point.value)) {
      if (begin < at) add_word(run.substr(begin, at - begin));
      add_word(run.substr(at, end - at));
      begin = end;
    }
    at = end;
  }
  if (begin < run.size()) add_word(run.substr(begin));
}

void NgramCounter::add_word(std::string_view word) {
  std::uint64_t hash = hash_of(word, kWordSeed);
  found_.push_back(bucket_of(hash, options_.word_bits));
  const std::uint64_t alone = hash;
  for (const std::uint64_t earlier : history_) {
    hash = mix_bits(hash ^ (earlier << 1 | earlier >> 63));
    found_.push_back(bucket_of(hash, options_.word_bits));
  }
  if (options_.words > 1) {
    if (history_.size() + 1 < static_cast<std::size_t>(options_.words)) history_.push_back(0);
    for (std::size_t i = history_.size() - 1; i > 0; --i) history_[i] = history_[i - 1];
    history_[0] = alone;
  }
  if (options_.longest > 0) add_character_ngrams(word);
}

void NgramCounter::add_character_ngrams(std::string_view word) {
  if (word.size() < static_cast<std::size_t>(options_.shortest)) return;
  starts_.clear();
  for (std::size_t at = 0; at < word.size();) {
    starts_.push_back(at);
    at += static_cast<std::size_t>(decode_utf8(word.data() + at, word.data() + word.size()).length);
  }
  starts_.push_back(word.size());
  const auto characters = static_cast<int>(starts_.size()) - 1;
  for (int begin = 0; begin + options_.shortest <= characters; ++begin) {
    std::uint64_t hash = kCharacterSeed;
    const int most = std::min(options_.longest, characters - begin);
    for (int length = 1; length <= most; ++length) {
      const auto end = static_cast<std::size_t>(begin) + static_cast<std::size_t>(length);
      for (std::size_t i = starts_[end - 1]; i < starts_[end]; ++i) {
        hash = (hash ^ static_cast<unsigned char>(word[i])) * 0x100000001b3ULL;
      }
      if (length < options_.shortest) continue;
      found_.push_back(options_.word_buckets() +
                       bucket_of(mix_bits(hash), options_.character_bits));
    }
  }
}

void NgramCounter::collect() {
  sort_buckets(found_, sorted_);
  counts_.clear();
  for (std::uint32_t bucket : found_) {
    if (counts_.empty() || counts_.back().bucket != bucket) counts_.push_back({bucket, 0});
    ++counts_.back().count;
  }
}

}  // namespace fastformer::text
