// A digest of bytes as they pass by: for finding damage and equal contents, not against malice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fastformer {

// 128 bits, the same on every machine and however the bytes are cut into calls.
class Digest {
 public:
  void add(std::string_view bytes);
  template <typename T>
  void add_values(std::span<const T> values) {
    add({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }

  // Of the bytes so far.
  std::array<std::uint64_t, 2> value() const;
  // The same as 32 hexadecimal digits.
  std::string hex() const;

 private:
  static constexpr std::size_t kStripe = 32;  // bytes: a word for each lane

  void add_stripes(const char* bytes, std::size_t stripes);

  std::array<std::uint64_t, 4> lanes_ = {0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL,
                                         0xa4093822299f31d0ULL, 0x082efa98ec4e6c89ULL};
  std::array<char, kStripe> rest_ = {};  // bytes that do not fill a stripe yet
  std::uint64_t count_ = 0;              // bytes in all
};

}  // namespace fastformer
