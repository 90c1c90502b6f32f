// Folding equals the whole-text normal form of utf8proc, however the text is cut into stretches.
#include "text/fold.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

std::string folded(std::string_view text, NormalForm form, bool lowercase) {
  std::string scratch;
  return std::string(fold(text, form, lowercase, scratch));
}

// The normal form of the whole text, then lower case code point by code point.
std::string expected(const std::string& text, NormalForm form, bool lowercase) {
  utf8proc_uint8_t* mapped = nullptr;
  const int compatible = form == NormalForm::kCompatible ? UTF8PROC_COMPAT : 0;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE | compatible));
  EXPECT_GE(size, 0);
  const char* const begin = reinterpret_cast<const char*>(mapped);
  std::string result;
  for (const char* at = begin; at < begin + size;) {
    const CodePoint point = decode_utf8(at, begin + size);
    append_utf8(result, lowercase ? utf8proc_tolower(point.value) : point.value);
    at += point.length;
  }
  free(mapped);
  return result;
}

class FoldTest : public testing::TestWithParam<NormalForm> {};

TEST_P(FoldTest, EqualsTheNormalFormOfEveryCodePointInContext) {
  for (std::int32_t point = 0x80; point < 0x30000; ++point) {
    if (point >= 0xd800 && point < 0xe000) continue;
    std::string text = "E";
    append_utf8(text, point);
    text += "\u0301x";
    ASSERT_EQ(folded(text, GetParam(), true), expected(text, GetParam(), true)) << point;
  }
}

TEST_P(FoldTest, EqualsTheNormalFormOfRandomText) {
  Random random(3);
  for (int round = 0; round < 20000; ++round) {
    const std::string text = random_text(random, 12);
    const bool lowercase = random.below(2) == 0;
    ASSERT_EQ(folded(text, GetParam(), lowercase), expected(text, GetParam(), lowercase));
  }
}

TEST_P(FoldTest, BrokenBytesBecomeBlanks) {
  EXPECT_EQ(folded("A\xffZ\xc3", GetParam(), true), "a z ");
  Random random(4);
  for (int round = 0; round < 5000; ++round) {
    ASSERT_TRUE(is_valid_utf8(folded(random_bytes(random, 20), GetParam(), true)));
  }
}

TEST_P(FoldTest, LongRunsOfMarksTakeLinearTime) {
  std::string text = "a";
  for (int i = 0; i < 500000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  EXPECT_FALSE(folded(text, GetParam(), true).empty());
}

INSTANTIATE_TEST_SUITE_P(Forms, FoldTest,
                         testing::Values(NormalForm::kComposed, NormalForm::kCompatible));

// Few marks are sorted by another way than many.
TEST(FoldFormsTest, AnyNumberOfMarksIsOrdered) {
  const char* const marks[] = {"\u0301", "\u0323", "\u0302"};
  std::string text = "x";
  for (int i = 0; i < 80; ++i) {
    text += marks[i % 3];
    EXPECT_EQ(folded(text, NormalForm::kComposed, true),
              expected(text, NormalForm::kComposed, true));
  }
}

TEST(FoldFormsTest, OnlyTheCompatibleFormJoinsWidths) {
  EXPECT_EQ(folded("\uff21\uff42", NormalForm::kCompatible, true), "ab");
  EXPECT_EQ(folded("\uff21\uff42", NormalForm::kComposed, true), "\uff41\uff42");
}

TEST(FoldFormsTest, AsciiIsNotCopiedUnlessItChanges) {
  std::string scratch;
  const std::string_view text = "Plain";
  EXPECT_EQ(fold(text, NormalForm::kComposed, false, scratch).data(), text.data());
  EXPECT_EQ(fold(text, NormalForm::kComposed, true, scratch), "plain");
  EXPECT_EQ(folded("@AZ[`az{", NormalForm::kComposed, true), "@az[`az{");
}

}  // namespace
}  // namespace fastformer::text
