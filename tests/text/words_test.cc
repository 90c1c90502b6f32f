// The word rules: runs of word characters and of punctuation, or of all that is no space.
#include "text/words.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <string>
#include <vector>

#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

using Words = std::vector<std::string>;

TEST(WordsTest, FollowsWordpunctOnAscii) {
  EXPECT_EQ(words_of("it's 3.50$ -- foo_bar!?"),
            (Words{"it", "'", "s", "3", ".", "50", "$", "--", "foo_bar", "!?"}));
  EXPECT_EQ(words_of(""), Words{});
  EXPECT_EQ(words_of(" \t\r\n\v\f\x1c\x1f"), Words{});
}

TEST(WordsTest, KnowsLettersAndSpacesOfOtherScripts) {
  EXPECT_EQ(words_of("stra\u00dfe\u00a0\u0434\u0430\u3002\u4e2d\u6587\u2028\u00b2\u2163"),
            (Words{"stra\u00dfe", "\u0434\u0430", "\u3002", "\u4e2d\u6587", "\u00b2\u2163"}));
  EXPECT_EQ(words_of("a\u2014b\u203fc"), (Words{"a", "\u2014", "b", "\u203f", "c"}));
}

TEST(WordsTest, MarksAndJoinersStayWithWhatTheyFollow) {
  const std::string hindi = "\u0939\u093f\u0928\u094d\u0926\u0940";
  EXPECT_EQ(words_of(hindi + " " + hindi + "!"), (Words{hindi, hindi, "!"}));
  const std::string persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645";
  EXPECT_EQ(words_of(persian), Words{persian});
  EXPECT_EQ(words_of("!\u0301a"), (Words{"!\u0301", "a"}));
  EXPECT_EQ(words_of("\u0301a"), (Words{"\u0301", "a"}));
  const std::string family = "\U0001f468\u200d\U0001f469\ufe0f";
  EXPECT_EQ(words_of(family), Words{family});
}

TEST(WordsTest, BrokenBytesPart) {
  EXPECT_EQ(words_of("a\xff"
                     "b\xc3"),
            (Words{"a", "b"}));
}

// Slow and plain: classes of all characters first, then runs of equal class.
Words by_definition(std::string_view text) {
  Words words;
  auto last = CharacterClass::kSpace;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const CodePoint point = decode_utf8(at, end);
    auto found = point.value == kInvalid ? CharacterClass::kSpace : class_of(point.value);
    if (found == CharacterClass::kMark) {
      found = last == CharacterClass::kSpace ? CharacterClass::kPunctuation : last;
    }
    if (found != CharacterClass::kSpace) {
      if (found != last) words.emplace_back();
      words.back().append(at, static_cast<std::size_t>(point.length));
    }
    last = found;
    at += point.length;
  }
  return words;
}

TEST(WordsTest, EqualsTheDefinitionOnAnyBytes) {
  Random random(5);
  for (int round = 0; round < 10000; ++round) {
    const std::string bytes = random_bytes(random, 30);
    ASSERT_EQ(words_of(bytes), by_definition(bytes));
  }
}

TEST(WordsTest, SpacesPartAndNothingElse) {
  const auto spaced = [](std::string_view text) {
    Words words;
    for_each_spaced(text, [&](std::string_view word) { words.emplace_back(word); });
    return words;
  };
  EXPECT_EQ(spaced("[MAX 2 [SM 10\t3 ]\u00a0]\n"),
            (Words{"[MAX", "2", "[SM", "10", "3", "]", "]"}));
  EXPECT_EQ(spaced(" \t\n"), Words{});
  Random random(6);
  for (int round = 0; round < 10000; ++round) {
    const std::string bytes = random_bytes(random, 30);
    Words expected(1);
    const char* const end = bytes.data() + bytes.size();
    for (const char* at = bytes.data(); at < end;) {
      int length = 0;
      if (class_at(at, end, length) == CharacterClass::kSpace) {
        if (!expected.back().empty()) expected.emplace_back();
      } else {
        expected.back().append(at, static_cast<std::size_t>(length));
      }
      at += length;
    }
    if (expected.back().empty()) expected.pop_back();
    ASSERT_EQ(spaced(bytes), expected);
  }
}

TEST(WordsTest, EveryCodePointHasTheClassOfItsCategory) {
  for (std::int32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const char group = utf8proc_category_string(point)[0];
    CharacterClass expected = CharacterClass::kPunctuation;
    if (group == 'L' || group == 'N' || point == '_') expected = CharacterClass::kWord;
    if (group == 'M' || point == 0x200c || point == 0x200d) expected = CharacterClass::kMark;
    if (group == 'Z' || is_control(point)) expected = CharacterClass::kSpace;
    ASSERT_EQ(class_of(point), expected) << point;
  }
}

}  // namespace
}  // namespace fastformer::text
