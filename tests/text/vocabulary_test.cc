// Words get ids by count and bytes, are found again, and damaged files are refused by line.
#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "temporary_folder.h"
#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

TEST(WordTableTest, BehavesLikeAMap) {
  Random random(6);
  WordTable table;
  std::map<std::string, std::int32_t> reference;
  for (int round = 0; round < 20000; ++round) {
    std::string word(random.below(random.below(10) == 0 ? 40 : 6), 'a');
    for (char& c : word) c = static_cast<char>('a' + random.below(4));
    const auto known = reference.find(word);
    ASSERT_EQ(table.find(word), known == reference.end() ? WordTable::kAbsent : known->second);
    const auto id = reference.emplace(word, static_cast<std::int32_t>(reference.size())).first;
    ASSERT_EQ(table.insert(word), id->second);
    ASSERT_EQ(table.word(id->second), word);
    if (round % 3000 == 1) table.reserve(random.below(20000), random.below(100000));
  }
  EXPECT_EQ(table.size(), static_cast<std::int32_t>(reference.size()));
}

TEST(WordTableTest, WordsThatDifferInOneByteAreDifferent) {
  for (std::size_t length = 1; length < 40; ++length) {
    WordTable table;
    std::string word(length, 'x');
    table.insert(word);
    for (char& c : word) {
      c = 'y';
      EXPECT_EQ(table.find(word), WordTable::kAbsent);
      c = 'x';
    }
  }
}

Vocabulary build(const std::vector<std::pair<std::string, int>>& counts, int min_count,
                 int max_size) {
  WordCounts words;
  for (const auto& [word, count] : counts) words.add(word, count);
  return Vocabulary::build(words, min_count, max_size);
}

TEST(VocabularyTest, OrdersByCountThenBytes) {
  const Vocabulary vocabulary =
      build({{"b", 3}, {"rare", 1}, {"\u00e9", 3}, {"a", 3}, {"often", 9}}, 2, 100);
  EXPECT_EQ(vocabulary.save(), "<unk>\noften\na\nb\n\u00e9\n");
  EXPECT_EQ(vocabulary.id("often"), 1);
  EXPECT_EQ(vocabulary.id("\u00e9"), 4);
  EXPECT_EQ(vocabulary.id("rare"), Vocabulary::kUnknown);
  EXPECT_EQ(vocabulary.id(""), Vocabulary::kUnknown);
  EXPECT_EQ(vocabulary.id("<unk>"), Vocabulary::kUnknown);
}

TEST(VocabularyTest, KeepsToItsSize) {
  EXPECT_EQ(build({{"a", 1}, {"b", 2}, {"c", 2}}, 1, 3).save(), "<unk>\nb\nc\n");
  EXPECT_EQ(build({{"a", 1}}, 1, 1).save(), "<unk>\n");
}

TEST(VocabularyTest, LeavesOutWhatItCouldNotLoadAgain) {
  const std::string longest(Vocabulary::kLongestWord, 'x');
  const Vocabulary vocabulary =
      build({{longest + "x", 9}, {"a\nb", 9}, {"\xff", 9}, {"c\xc2\x85", 9}, {longest, 9}}, 1, 100);
  EXPECT_EQ(vocabulary.save(), "<unk>\n" + longest + "\n");
}

TEST(VocabularyTest, LoadsWhatItSaved) {
  Random random(7);
  WordCounts words;
  for (int i = 0; i < 3000; ++i) {
    words.add(random_text(random, 6), static_cast<std::int64_t>(1 + random.below(5)));
  }
  const Vocabulary vocabulary = Vocabulary::build(words, 1, 2000);
  EXPECT_EQ(vocabulary.size(), 2000);
  const Vocabulary loaded = Vocabulary::load(vocabulary.save(), "v");
  EXPECT_EQ(loaded.save(), vocabulary.save());
  for (std::int32_t id = 0; id < vocabulary.size(); ++id) {
    ASSERT_EQ(loaded.id(vocabulary.word(id)), id);
  }
}

TEST(VocabularyTest, NamesTheLineOfDamage) {
  EXPECT_ERROR(Vocabulary::load("", "dir/v.txt"), "dir/v.txt:1: the vocabulary is empty");
  EXPECT_ERROR(Vocabulary::load("the\n", "v"), "v:1: the first word is not <unk>");
  EXPECT_ERROR(Vocabulary::load("<unk>\na\n\nb\n", "v"), "v:3: the line is empty");
  EXPECT_ERROR(Vocabulary::load("<unk>\na\nb\na\n", "v"), "v:4: the word \"a\" stands here");
  EXPECT_ERROR(Vocabulary::load("<unk>\n<unk>\n", "v"), "v:2: the word \"<unk>\"");
  EXPECT_ERROR(Vocabulary::load("<unk>\n\xff\n", "v"), "v:2: the word is not valid UTF-8");
  EXPECT_ERROR(Vocabulary::load("<unk>\na\r\n", "v"), "v:2: the word holds a control");
  EXPECT_ERROR(Vocabulary::load("<unk>\na\nb", "v"), "v:3: the last line has no end");
  EXPECT_ERROR(Vocabulary::load("<unk>\n" + std::string(300, 'a') + "\n", "v"),
               "v:2: the word is l");
}

}  // namespace
}  // namespace fastformer::text
