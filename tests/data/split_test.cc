// The validation split keeps groups together, has about the wanted size and depends on the seed
// alone.
#include "data/split.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "read_text.h"

namespace fastformer::data {
namespace {

std::vector<Record> corpus(int rows, int groups) {
  std::vector<Record> records(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    Record& record = records[static_cast<std::size_t>(i)];
    record.text = "text " + std::to_string(i);
    if (groups > 0) record.group = "group " + std::to_string(i % groups);
  }
  return records;
}

// What the rows are split by.
std::vector<std::uint64_t> keys_of(std::span<const Record> records, std::uint64_t seed) {
  std::vector<std::uint64_t> keys;
  for (const Record& record : records) keys.push_back(split_key(record.group, record.text, seed));
  return keys;
}

Split split_for_validation(std::span<const Record> records, double share, std::uint64_t seed) {
  return data::split_for_validation(keys_of(records, seed), share);
}

std::vector<int> split_into_folds(std::span<const Record> records, int count, std::uint64_t seed) {
  return data::split_into_folds(keys_of(records, seed), count);
}

// Every record on exactly one side, both sides ascending.
void expect_whole(const Split& split, std::size_t rows) {
  std::vector<std::int64_t> all = split.train;
  all.insert(all.end(), split.valid.begin(), split.valid.end());
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.valid.begin(), split.valid.end()));
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), rows);
  for (std::size_t i = 0; i < rows; ++i) EXPECT_EQ(all[i], static_cast<std::int64_t>(i));
}

TEST(SplitTest, HasTheWantedShareAndFollowsTheSeed) {
  const auto records = corpus(20000, 0);
  const Split split = split_for_validation(records, 0.1, 7);
  expect_whole(split, records.size());
  EXPECT_NEAR(static_cast<double>(split.valid.size()), 2000, 200);
  EXPECT_EQ(split_for_validation(records, 0.1, 7).valid, split.valid);
  EXPECT_NE(split_for_validation(records, 0.1, 8).valid, split.valid);
}

TEST(SplitTest, GroupsAndEqualTextsStayTogether) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto records = corpus(300, 30);
    for (int i = 0; i < 100; ++i) {
      records.push_back({});
      records.back().text = "repeated " + std::to_string(i % 20);
    }
    const Split split = split_for_validation(records, 0.3, seed);
    expect_whole(split, records.size());
    std::map<std::string, bool> side;
    const auto check = [&](const std::vector<std::int64_t>& indices, bool is_valid) {
      for (const std::int64_t index : indices) {
        const Record& record = records[static_cast<std::size_t>(index)];
        const std::string key = record.group.empty() ? record.text : record.group;
        EXPECT_EQ(side.emplace(key, is_valid).first->second, is_valid) << key;
      }
    };
    check(split.train, false);
    check(split.valid, true);
  }
}

TEST(SplitTest, ARecordsSideDoesNotDependOnTheOthers) {
  const auto records = corpus(2000, 0);
  const Split whole = split_for_validation(records, 0.2, 3);
  const Split half = split_for_validation(std::span(records).first(1000), 0.2, 3);
  for (const std::int64_t index : half.valid) {
    EXPECT_TRUE(std::binary_search(whole.valid.begin(), whole.valid.end(), index));
  }
}

TEST(SplitTest, NoSideIsEmptyWithTwoGroups) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const double share : {1e-9, 0.5, 0.999999}) {
      const Split split = split_for_validation(corpus(6, 2), share, seed);
      expect_whole(split, 6);
      EXPECT_FALSE(split.train.empty());
      EXPECT_FALSE(split.valid.empty());
    }
  }
}

TEST(SplitTest, EdgesAreDefined) {
  EXPECT_TRUE(split_for_validation(std::span<const Record>(), 0.1, 1).train.empty());
  EXPECT_TRUE(split_for_validation(corpus(50, 0), 0, 1).valid.empty());
  expect_whole(split_for_validation(corpus(5, 1), 0.5, 1), 5);
  EXPECT_ERROR(split_for_validation(std::span<const Record>(), 1, 1), "a validation share of 1");
  EXPECT_ERROR(split_for_validation(std::span<const Record>(), -0.1, 1), "-0.1");
  EXPECT_ERROR(split_for_validation(std::span<const Record>(), std::nan(""), 1), "nan");
}

TEST(FoldsTest, AreOfLikeSizeAndFollowTheSeed) {
  const auto records = corpus(1000, 0);
  const std::vector<int> folds = split_into_folds(records, 3, 7);
  for (int fold = 0; fold < 3; ++fold) {
    EXPECT_NEAR(static_cast<double>(std::count(folds.begin(), folds.end(), fold)), 333, 1);
  }
  EXPECT_EQ(split_into_folds(records, 3, 7), folds);
  EXPECT_NE(split_into_folds(records, 3, 8), folds);
}

TEST(FoldsTest, GroupsAndEqualTextsStayTogether) {
  auto records = corpus(300, 30);
  for (int i = 0; i < 100; ++i) {
    records.push_back({});
    records.back().text = "repeated " + std::to_string(i % 20);
  }
  const std::vector<int> folds = split_into_folds(records, 4, 1);
  std::map<std::string, int> fold_of;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string key = records[i].group.empty() ? records[i].text : records[i].group;
    EXPECT_EQ(fold_of.emplace(key, folds[i]).first->second, folds[i]) << key;
  }
}

TEST(FoldsTest, AreNoMoreThanThereAreGroups) {
  const auto two = corpus(10, 2);
  const std::vector<int> folds = split_into_folds(two, 5, 1);
  EXPECT_EQ(*std::max_element(folds.begin(), folds.end()), 1);
  auto uneven = corpus(60, 60);
  for (int i = 0; i < 54; ++i) uneven[static_cast<std::size_t>(i)].group = "most";
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<int> parts = split_into_folds(uneven, 3, seed);
    const int last = *std::max_element(parts.begin(), parts.end());
    for (int part = 0; part <= last; ++part) {
      EXPECT_GT(std::count(parts.begin(), parts.end(), part), 0);
    }
  }
  const auto one = corpus(10, 1);
  EXPECT_EQ(split_into_folds(one, 5, 1), std::vector<int>(10, 0));
  EXPECT_TRUE(split_into_folds(std::span<const Record>(), 5, 1).empty());
  EXPECT_THROW(split_into_folds(one, 0, 1), Error);
}

}  // namespace
}  // namespace fastformer::data
