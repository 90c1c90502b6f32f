// Which n-grams a word has, and that they hash alike wherever they stand.
#include "text/subwords.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/parallel.h"
#include "base/random.h"
#include "base/strings.h"
#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

constexpr std::int32_t kRows = 1 << 20;

std::vector<std::int32_t> subwords(std::string_view word, std::int32_t rows = kRows) {
  std::vector<std::int32_t> found;
  append_subwords(word, rows, found);
  return found;
}

std::vector<std::int32_t> rows_of(const std::vector<std::string>& pieces) {
  std::vector<std::int32_t> rows;
  for (const std::string& piece : pieces) {
    rows.push_back(static_cast<std::int32_t>(hash_of(piece) % kRows));
  }
  return rows;
}

TEST(SubwordsTest, AreThreeToFiveCharactersOfTheMarkedWord) {
  EXPECT_EQ(subwords("cats"),
            rows_of({"<ca", "<cat", "<cats", "cat", "cats", "cats>", "ats", "ats>", "ts>"}));
  EXPECT_EQ(subwords("a"), rows_of({"<a>"}));
  EXPECT_EQ(subwords(""), std::vector<std::int32_t>());
}

TEST(SubwordsTest, CountCharactersNotBytes) {
  // Two letters of two and of four bytes.
  EXPECT_EQ(subwords("\xc3\xa9\xf0\x9f\x98\x80"),
            rows_of({"<\xc3\xa9\xf0\x9f\x98\x80", "<\xc3\xa9\xf0\x9f\x98\x80>",
                     "\xc3\xa9\xf0\x9f\x98\x80>"}));
}

TEST(SubwordsTest, AWordOfNCharactersHas3NMinus3) {
  for (std::size_t length = 3; length < 40; ++length) {
    EXPECT_EQ(subwords(std::string(length, 'x')).size(), 3 * length - 3);
  }
}

TEST(SubwordsTest, WordsShareTheirCommonPart) {
  const auto shared = [](std::string_view a, std::string_view b) {
    const auto left = subwords(a), right = subwords(b);
    const std::set<std::int32_t> first(left.begin(), left.end());
    return std::count_if(right.begin(), right.end(),
                         [&](std::int32_t row) { return first.count(row) > 0; });
  };
  EXPECT_EQ(shared("walking", "talking"), 12);  // of "alking>"
  EXPECT_EQ(shared("cat", "tac"), 0);
}

TEST(SubwordsTest, AnyBytesGiveRowsOfTheTable) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const std::string word = random_bytes(random, random.below(30));
    for (const std::int32_t rows : {1, 7, kRows}) {
      for (const std::int32_t row : subwords(word, rows)) {
        EXPECT_GE(row, 0);
        EXPECT_LT(row, rows);
      }
    }
  }
}

TEST(SubwordsTest, ListsFollowTheVocabularyAndLeaveTheUnknownWordOut) {
  TextOptions options;
  options.tokenizer = TokenizerKind::kWord;
  options.min_count = 1;
  const std::vector<std::string> documents = {"cat cat dog", "a dog cat"};
  const auto tokenizer = train_tokenizer(options, views_of(documents), serial_for());
  const SubwordLists lists = subwords_of(*tokenizer, kRows);
  ASSERT_EQ(lists.offsets.size(), static_cast<std::size_t>(tokenizer->size()) + 1);
  EXPECT_EQ(lists.offsets[1], 0);
  for (std::int32_t id = 1; id < tokenizer->size(); ++id) {
    const auto begin = lists.rows.begin();
    const std::vector<std::int32_t> own(begin + lists.offsets[static_cast<std::size_t>(id)],
                                        begin + lists.offsets[static_cast<std::size_t>(id) + 1]);
    EXPECT_EQ(own, subwords(tokenizer->piece(id)));
  }
}

}  // namespace
}  // namespace fastformer::text
