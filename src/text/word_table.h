// A set of words numbered in the order in which they came, with fast lookup, and counts over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer::text {

// Open addressing over one buffer of bytes. Ids run from 0 in the order of insertion.
class WordTable {
 public:
  static constexpr std::int32_t kAbsent = -1;

  WordTable();

  // Room for so many words of so many bytes in all, which are then inserted without growing.
  void reserve(std::size_t words, std::size_t bytes);
  std::int32_t find(std::string_view word) const;
  // The id of `word`, which is added when it is absent. Throws an Error beyond 2^31 - 2 words.
  std::int32_t insert(std::string_view word);

  std::int32_t size() const { return static_cast<std::int32_t>(ends_.size()) - 1; }
  // Valid until the next insertion.
  std::string_view word(std::int32_t id) const {
    const auto i = static_cast<std::size_t>(id);
    return {bytes_.data() + ends_[i], ends_[i + 1] - ends_[i]};
  }

 private:
  // The slot that holds `word`, or the empty one where it belongs.
  std::size_t slot_of(std::string_view word, std::uint64_t hash) const;
  void grow_to(std::size_t slots);

  std::string bytes_;
  std::vector<std::size_t> ends_;     // word i lies in bytes_ [ends_[i], ends_[i + 1])
  std::vector<std::uint64_t> slots_;  // high half of the hash, id + 1; 0 is empty; a power of two
};

// How often words occur.
class WordCounts {
 public:
  void add(std::string_view word, std::int64_t count = 1);
  void add(const WordCounts& other);

  std::int32_t size() const { return table_.size(); }
  std::string_view word(std::int32_t id) const { return table_.word(id); }
  std::int64_t count(std::int32_t id) const { return counts_[static_cast<std::size_t>(id)]; }

 private:
  WordTable table_;
  std::vector<std::int64_t> counts_;
};

}  // namespace fastformer::text
