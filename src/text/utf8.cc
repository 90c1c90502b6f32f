// UTF-8 and the table of Windows-1252.
#include "text/utf8.h"

#include <array>
#include <cstring>

namespace fastformer::text {
namespace {

// Bytes 0x80 to 0x9f (WHATWG encoding standard; its five control characters are U+FFFD here).
constexpr std::array<std::uint16_t, 32> kWindows1252 = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};

}  // namespace

void append_utf8(std::string& text, std::int32_t code_point) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xc0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xe0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data() + at, 8);
    if (bytes & 0x8080808080808080ULL) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

bool is_valid_utf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data() + ascii_prefix(text); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    if (point.value == kInvalid) return false;
    at += point.length;
  }
  return true;
}

std::size_t character_boundary(std::string_view text, std::size_t limit) {
  if (limit >= text.size()) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return limit;
}

std::int32_t windows_1252(unsigned char byte) {
  return byte >= 0x80 && byte < 0xa0 ? kWindows1252[byte - 0x80] : byte;
}

}  // namespace fastformer::text
