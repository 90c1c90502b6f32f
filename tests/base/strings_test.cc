// Numbers, near misses and printable forms of strings.
#include "base/strings.h"

#include <gtest/gtest.h>

namespace fastformer {
namespace {

TEST(StringsTest, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(StringsTest, JoinIsTheInverseOfSplit) {
  for (const std::string text : {"a,b", ",", "abc", ",,x"}) {
    EXPECT_EQ(join(split(text, ','), ","), text);
  }
}

TEST(StringsTest, ParsesOnlyWholeNumbers) {
  EXPECT_EQ(parse_int("-12"), -12);
  for (const char* bad : {"", " 1", "1 ", "1x", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_int(bad)) << bad;
  }
  EXPECT_EQ(parse_double("1e-3"), 1e-3);
  EXPECT_FALSE(parse_double("1,5"));
}

TEST(StringsTest, FormatsNumbers) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_fixed(0.98765, 3), "0.988");
  EXPECT_EQ(parse_double(format_double(0.1)), 0.1);
}

TEST(StringsTest, EditDistanceCountsASwapOnce) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("widht", "width"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(StringsTest, NearestGivesUpOnStrangers) {
  const std::vector<std::string> known = {"--width", "--heads"};
  EXPECT_EQ(nearest("--widht", known), "--width");
  EXPECT_FALSE(nearest("--completely-different", known));
}

TEST(StringsTest, PrintableEscapesAndNeverCutsACharacter) {
  EXPECT_EQ(printable("a\tb\x01"), "a\\tb\\x01");
  EXPECT_EQ(printable("\xc3\xa4\xc3\xb6", 1), "\xc3\xa4...");
}

}  // namespace
}  // namespace fastformer
