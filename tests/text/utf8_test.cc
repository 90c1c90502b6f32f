// Decoding is the inverse of encoding and accepts nothing else.
#include "text/utf8.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

TEST(Utf8Test, EveryCodePointReadsBack) {
  for (std::int32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xd800 && point < 0xe000) continue;
    std::string bytes;
    append_utf8(bytes, point);
    const CodePoint read = decode_utf8(bytes.data(), bytes.data() + bytes.size());
    ASSERT_EQ(read.value, point);
    ASSERT_EQ(read.length, static_cast<int>(bytes.size()));
    ASSERT_TRUE(is_valid_utf8(bytes));
    bytes.pop_back();
    ASSERT_EQ(is_valid_utf8(bytes), bytes.empty()) << point;
  }
}

TEST(Utf8Test, AgreesWithUtf8procOnBrokenBytes) {
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    const std::string bytes = random_bytes(random, 3);
    const char* const end = bytes.data() + bytes.size();
    for (const char* at = bytes.data(); at < end; ++at) {
      utf8proc_int32_t expected = 0;
      const auto length =
          utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(at), end - at, &expected);
      const CodePoint read = decode_utf8(at, end);
      ASSERT_EQ(read.value, length < 0 ? kInvalid : expected);
      ASSERT_EQ(read.length, length < 0 ? 1 : length);
    }
  }
}

TEST(Utf8Test, RefusesSurrogatesOverlongFormsAndTooLargeValues) {
  for (const char* bad :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xff"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Utf8Test, AsciiPrefixStopsAtTheFirstHighByteWhereverItStands) {
  for (std::size_t length = 0; length < 40; ++length) {
    std::string text(length, 'a');
    EXPECT_EQ(ascii_prefix(text), length);
    for (std::size_t at = 0; at < length; ++at) {
      text[at] = '\x80';
      EXPECT_EQ(ascii_prefix(text), at);
      text[at] = 'a';
    }
  }
}

TEST(Utf8Test, CharacterBoundaryNeverCutsACharacter) {
  const std::string text = "a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80z";
  for (std::size_t limit = 0; limit < text.size() + 3; ++limit) {
    const std::size_t end = character_boundary(text, limit);
    EXPECT_LE(end, std::max<std::size_t>(limit, 0));
    EXPECT_TRUE(is_valid_utf8(std::string_view(text).substr(0, end)));
    EXPECT_LT(std::min(limit, text.size()) - end, 4u);
  }
}

}  // namespace
}  // namespace fastformer::text
