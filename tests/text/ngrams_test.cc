// N-grams of words and characters: which there are, and how they are counted.
#include "text/ngrams.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace fastformer::text {
namespace {

NgramOptions words_only(int words) {
  NgramOptions options;
  options.words = words;
  options.longest = 0;
  return options;
}

std::map<std::uint32_t, std::uint32_t> counts(const NgramOptions& options, std::string_view text) {
  NgramCounter counter(options);
  std::map<std::uint32_t, std::uint32_t> found;
  std::uint32_t before = 0;
  for (const NgramCount& count : counter.count(text)) {
    EXPECT_TRUE(found.empty() || count.bucket > before);
    EXPECT_LT(count.bucket, options.buckets());
    before = count.bucket;
    found[count.bucket] = count.count;
  }
  return found;
}

std::uint32_t total(const std::map<std::uint32_t, std::uint32_t>& counts) {
  std::uint32_t sum = 0;
  for (const auto& [bucket, count] : counts) sum += count;
  return sum;
}

TEST(NgramsTest, EveryRunOfUpToNWordsCountsOnce) {
  EXPECT_EQ(total(counts(words_only(1), "the cat saw the dog")), 5u);
  EXPECT_EQ(total(counts(words_only(3), "the cat saw the dog")), 5u + 4u + 3u);
  EXPECT_EQ(counts(words_only(1), "the cat saw the dog").size(), 4u);
  EXPECT_TRUE(counts(words_only(3), "").empty());
}

TEST(NgramsTest, OrderMattersAndCaseDoesNot) {
  EXPECT_EQ(counts(words_only(2), "Good Film"), counts(words_only(2), "good film"));
  EXPECT_NE(counts(words_only(2), "good film"), counts(words_only(2), "film good"));
  EXPECT_EQ(counts(words_only(1), "good film"), counts(words_only(1), "film good"));
  NgramOptions cased = words_only(1);
  cased.lowercase = false;
  EXPECT_NE(counts(cased, "Good"), counts(cased, "good"));
}

TEST(NgramsTest, PunctuationAndLettersWithoutSpacesStandAlone) {
  EXPECT_EQ(counts(words_only(1), "no!?"), counts(words_only(1), "no ! ?"));
  EXPECT_EQ(counts(words_only(2), "\u5929\u6c14"), counts(words_only(2), "\u5929 \u6c14"));
  EXPECT_EQ(total(counts(words_only(1),
                         "a\u5929\u6c14"
                         "b")),
            4u);
}

TEST(NgramsTest, CharactersAreCodePointsInsideAWord) {
  NgramOptions options = words_only(1);
  options.longest = 5;
  // 3 of three, 2 of four and 1 of five characters, and the word.
  EXPECT_EQ(total(counts(options, "abcde")), 7u);
  EXPECT_EQ(total(counts(options, "\u00e4\u00f6\u00fc\u00df\u00e9")), 7u);
  EXPECT_EQ(total(counts(options, "ab cd")), 2u);
}

TEST(NgramsTest, HtmlIsStrippedWhereAsked) {
  NgramOptions options = words_only(2);
  options.strip_html = true;
  EXPECT_EQ(counts(options, "a <b>fine</b> day &amp; night"),
            counts(words_only(2), "a fine day & night"));
}

TEST(NgramsTest, LongTextsAreCountedLikeShortOnes) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "word" + std::to_string(i % 500) + " ";
  const auto found = counts(words_only(1), text);
  EXPECT_EQ(found.size(), 500u);
  for (const auto& [bucket, count] : found) EXPECT_EQ(count, 6u);
}

}  // namespace
}  // namespace fastformer::text
