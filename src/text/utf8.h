// Reading and writing of code points in UTF-8, and what stands in for bytes that are not UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fastformer::text {

inline constexpr std::int32_t kInvalid = -1;
inline constexpr std::int32_t kReplacement = 0xfffd;

struct CodePoint {
  std::int32_t value;  // kInvalid for a byte that starts no valid sequence
  int length;          // bytes; 1 when invalid
};

// The code point at `at` < `end`. Strict: overlong forms, surrogates, values above U+10FFFF and cut
// sequences are invalid (Unicode 15, table 3-7).
inline CodePoint decode_utf8(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  const auto follows = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
  const std::int32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::ptrdiff_t left = end - at;
  if (first >= 0xc2 && first < 0xe0 && left >= 2 && follows(1)) {
    return {(first & 0x1f) << 6 | (byte(1) & 0x3f), 2};
  }
  if (first >= 0xe0 && first < 0xf0 && left >= 3 && follows(1) && follows(2)) {
    const std::int32_t value = (first & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    if (value >= 0x800 && (value < 0xd800 || value > 0xdfff)) return {value, 3};
  }
  if (first >= 0xf0 && first < 0xf5 && left >= 4 && follows(1) && follows(2) && follows(3)) {
    const std::int32_t value =
        (first & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    if (value >= 0x10000 && value <= 0x10ffff) return {value, 4};
  }
  return {kInvalid, 1};
}

// Appends a valid code point (not a surrogate, at most U+10FFFF).
void append_utf8(std::string& text, std::int32_t code_point);

bool is_valid_utf8(std::string_view text);

// Whether `code_point` is a C0 control, DEL or a C1 control.
constexpr bool is_control(std::int32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f);
}

// Bytes of `text` before the first one above 0x7f.
std::size_t ascii_prefix(std::string_view text);

// The last offset up to `limit` at which a character of `text`, valid UTF-8, begins or the text
// ends.
std::size_t character_boundary(std::string_view text, std::size_t limit);

// The character that a byte from 0x80 on has in Windows-1252; U+FFFD for the five it leaves open.
std::int32_t windows_1252(unsigned char byte);

}  // namespace fastformer::text
