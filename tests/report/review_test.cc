// Order, columns and safety of the rows to look at.
#include "report/review.h"

#include <fastformer/error.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "base/strings.h"
#include "report/csv.h"

namespace fastformer::report {
namespace {

TEST(ReviewTest, WrongRowsComeFirstByConfidenceThenTheLeastSureRightOnes) {
  const std::vector<int> truth = {0, 1, 0, 1, 0, 1};
  const std::vector<int> predicted = {0, 0, 1, 1, 0, 0};
  const std::vector<double> score = {0.9, 0.6, 0.8, 0.5, 0.7, 0.8};
  EXPECT_EQ(rows_to_review(truth, predicted, score, 2), (std::vector<std::size_t>{2, 5, 1, 3, 4}));
  EXPECT_EQ(rows_to_review(truth, predicted, score, 0), (std::vector<std::size_t>{2, 5, 1}));
  EXPECT_EQ(rows_to_review(truth, predicted, score, 99).size(), 6u);
}

TEST(ReviewTest, NoWrongRowIsLeftOutAndNoneIsTwice) {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<int> truth, predicted;
    std::vector<double> score;
    std::size_t wrong = 0;
    for (std::uint64_t i = random.below(60); i > 0; --i) {
      truth.push_back(static_cast<int>(random.below(2)));
      predicted.push_back(static_cast<int>(random.below(2)));
      score.push_back(static_cast<double>(random.below(5)) / 5);
      wrong += truth.back() != predicted.back();
    }
    const auto rows = rows_to_review(truth, predicted, score, 7);
    ASSERT_EQ(rows.size(), wrong + std::min<std::size_t>(7, truth.size() - wrong));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(truth[rows[i]] != predicted[rows[i]], i < wrong);
      if (i == 0 || i == wrong) continue;
      const double before = score[rows[i - 1]], now = score[rows[i]];
      ASSERT_TRUE(i < wrong ? before >= now : before <= now);
      ASSERT_TRUE(before != now || rows[i - 1] < rows[i]);
    }
  }
}

std::vector<ReviewRow> some_rows() {
  return {{3, "a.csv", 7, "x1", "sp\"ort", "-", 0.75, 0.5, "two\nlines, a \"quote\"\x1b[31m"},
          {9, "b.csv", 2, "", "art", "art", 0.5, 0.1, " blank \xc3\xa4"}};
}

TEST(ReviewTest, CsvQuotesAndDropsControlCharacters) {
  EXPECT_EQ(review_text(some_rows(), ReviewFormat::kCsv),
            "row,file,line,id,truth,predicted,score,margin,text\n"
            "3,a.csv,7,x1,\"sp\"\"ort\",-,0.750000,0.500000,"
            "\"two\nlines, a \"\"quote\"\" [31m\"\n"
            "9,b.csv,2,,art,art,0.500000,0.100000,\" blank \xc3\xa4\"\n");
}

TEST(ReviewTest, JsonLinesHoldEverything) {
  const std::string text = review_text(some_rows(), ReviewFormat::kJsonLines);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::vector<std::string> lines = split(trim(text), '\n');
  ASSERT_EQ(lines.size(), 2u);
  const auto json = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(json["row"], 3);
  EXPECT_EQ(json["line"], 7);
  EXPECT_EQ(json["id"], "x1");
  EXPECT_EQ(json["truth"], "sp\"ort");
  EXPECT_EQ(json["score"], 0.75);
  EXPECT_EQ(json["margin"], 0.5);
  EXPECT_EQ(json["text"], some_rows()[0].text);
}

TEST(ReviewTest, EmptyColumnsAreLeftOut) {
  std::vector<ReviewRow> rows = some_rows();
  for (ReviewRow& row : rows) {
    row.id.clear();
    row.line = 0;
  }
  EXPECT_TRUE(review_text(rows, ReviewFormat::kCsv).starts_with("row,file,truth,"));
  const std::string line = split(review_text(rows, ReviewFormat::kJsonLines), '\n')[0];
  EXPECT_FALSE(nlohmann::json::parse(line).contains("id"));
  EXPECT_FALSE(nlohmann::json::parse(line).contains("line"));
  EXPECT_EQ(review_text({}, ReviewFormat::kCsv), "row,file,truth,predicted,score,margin,text\n");
  EXPECT_EQ(review_text({}, ReviewFormat::kJsonLines), "");
}

TEST(ReviewTest, TheNameSaysTheFormat) {
  EXPECT_EQ(review_format("a/b.CSV", "--errors"), ReviewFormat::kCsv);
  EXPECT_EQ(review_format("b.jsonl", "--errors"), ReviewFormat::kJsonLines);
  EXPECT_EQ(review_format("b.ndjson", "--errors"), ReviewFormat::kJsonLines);
  for (const char* path : {"b.txt", "csv", "", "b.csv.gz"}) {
    EXPECT_THROW(review_format(path, "--errors"), Error) << path;
  }
}

TEST(CsvTest, PlainCellsStayPlain) {
  EXPECT_EQ(csv_row(std::vector<std::string>{"a", "", "b c"}), "a,,b c\n");
  EXPECT_EQ(csv_row(std::vector<std::string>{"a\tb", std::string("\0\r", 2)}), "\"a\tb\",\"  \"\n");
}

}  // namespace
}  // namespace fastformer::report
