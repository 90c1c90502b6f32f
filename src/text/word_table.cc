// Hashing and probing of words.
#include "text/word_table.h"

#include <fastformer/error.h>

#include <bit>
#include <cstring>
#include <limits>

namespace fastformer::text {
namespace {

constexpr std::size_t kFirstSlots = 64;

std::uint64_t load(const char* at, std::size_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, count);
  return value;
}

// Both halves of a 128-bit product, folded: every bit of `a` reaches every bit of the result.
std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes a step; of the last step's bytes some may have been read before. Never stored.
std::uint64_t hash_word(std::string_view word) {
  constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15ULL;
  constexpr std::uint64_t kSecond = 0xd1b54a32d192ed03ULL;
  const std::size_t size = word.size();
  const char* at = word.data();
  std::uint64_t hash = kFirst ^ size;
  if (size >= 8) {
    const char* const last = at + size - 8;
    for (; at < last; at += 8) hash = fold_product(hash ^ load(at, 8), kSecond);
    return fold_product(fold_product(hash ^ load(last, 8), kSecond), kFirst);
  }
  std::uint64_t tail = 0;
  if (size >= 4) {
    tail = load(at, 4) | load(at + size - 4, 4) << 32;
  } else if (size > 0) {
    tail = static_cast<unsigned char>(at[0]) | load(at + size / 2, 1) << 8 |
           load(at + size - 1, 1) << 16;
  }
  return fold_product(fold_product(hash ^ tail, kSecond), kFirst);
}

}  // namespace

WordTable::WordTable() : ends_(1, 0), slots_(kFirstSlots, 0) {}

std::size_t WordTable::slot_of(std::string_view word_in, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const std::uint64_t slot = slots_[i];
    if (slot == 0) return i;
    if (slot >> 32 == hash >> 32 &&
        word(static_cast<std::int32_t>((slot & 0xffffffffU) - 1)) == word_in) {
      return i;
    }
  }
}

std::int32_t WordTable::find(std::string_view word_in) const {
  const std::uint64_t slot = slots_[slot_of(word_in, hash_word(word_in))];
  return static_cast<std::int32_t>(slot & 0xffffffffU) - 1;
}

std::int32_t WordTable::insert(std::string_view word_in) {
  const std::uint64_t hash = hash_word(word_in);
  std::size_t i = slot_of(word_in, hash);
  if (slots_[i] != 0) return static_cast<std::int32_t>(slots_[i] & 0xffffffffU) - 1;
  if (size() == std::numeric_limits<std::int32_t>::max() - 1) {
    throw Error("there are more than 2,147,483,646 different words");
  }
  const std::int32_t id = size();
  bytes_.append(word_in);
  ends_.push_back(bytes_.size());
  slots_[i] = (hash >> 32 << 32) | static_cast<std::uint32_t>(id + 1);
  if (2 * ends_.size() > slots_.size()) grow_to(2 * slots_.size());
  return id;
}

void WordTable::reserve(std::size_t words, std::size_t bytes) {
  bytes_.reserve(bytes);
  ends_.reserve(words + 1);
  const std::size_t slots = std::bit_ceil(2 * (words + 1));
  if (slots > slots_.size()) grow_to(slots);
}

void WordTable::grow_to(std::size_t slots) {
  slots_.assign(slots, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::int32_t id = 0; id < size(); ++id) {
    const std::uint64_t hash = hash_word(word(id));
    std::size_t i = hash & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = (hash >> 32 << 32) | static_cast<std::uint32_t>(id + 1);
  }
}

void WordCounts::add(std::string_view word_in, std::int64_t count) {
  const auto id = static_cast<std::size_t>(table_.insert(word_in));
  if (id == counts_.size()) counts_.push_back(0);
  counts_[id] += count;
}

void WordCounts::add(const WordCounts& other) {
  for (std::int32_t id = 0; id < other.size(); ++id) add(other.word(id), other.count(id));
}

}  // namespace fastformer::text
