// Random text for properties: valid, broken and everything between.
#pragma once

#include <string>

#include "base/random.h"
#include "text/utf8.h"

namespace fastformer::text {

// A code point; mostly of the ranges where rules change, sometimes any.
inline std::int32_t random_code_point(Random& random) {
  constexpr std::int32_t kStarts[] = {0x20,   0x41,   0x61,   0x7e,   0xa0,   0xc0,   0x300,
                                      0x320,  0x391,  0x5b0,  0x64b,  0x915,  0x93c,  0x940,
                                      0x1100, 0x1161, 0x11a8, 0x1e00, 0x2000, 0x3040, 0x4e00,
                                      0xac00, 0xf900, 0xfb1d, 0xff41, 0xff66, 0x1f600};
  for (;;) {
    const auto start = kStarts[random.below(std::size(kStarts))];
    const auto point = random.below(8) == 0 ? static_cast<std::int32_t>(random.below(0x110000))
                                            : start + static_cast<std::int32_t>(random.below(40));
    if (point < 0xd800 || point > 0xdfff) return point;
  }
}

inline std::string random_text(Random& random, std::uint64_t longest) {
  std::string text;
  const std::uint64_t length = random.below(longest + 1);
  for (std::uint64_t i = 0; i < length; ++i) append_utf8(text, random_code_point(random));
  return text;
}

// Text with bytes replaced, or bytes alone.
inline std::string random_bytes(Random& random, std::uint64_t longest) {
  std::string bytes = random_text(random, longest);
  for (char& byte : bytes) {
    if (random.below(4) == 0) byte = static_cast<char>(random.below(256));
  }
  return bytes;
}

}  // namespace fastformer::text
