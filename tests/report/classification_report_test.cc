// Tables and JSON of classification results.
#include "report/classification_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"

namespace fastformer::report {
namespace {

using metrics::classification_result;
using testing::HasSubstr;

const std::vector<std::string> kLabels = {"cat", "dog", "a\nb"};
const std::vector<int> kTruth = {0, 0, 1, 1, 2, 2};
const std::vector<int> kPredicted = {0, 1, 1, 1, 2, 0};

// The words of the line of `text` that begins with `first`.
std::vector<std::string> cells(const std::string& text, const std::string& first) {
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(first)) continue;
    std::vector<std::string> words;
    for (const std::string& word : split(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    return words;
  }
  return {};
}

TEST(ClassificationReportTest, ClassTableHasEveryLabelAndTheAverages) {
  const std::string table = class_table(classification_result(kTruth, kPredicted, 3), kLabels);
  EXPECT_EQ(cells(table, "dog"),
            (std::vector<std::string>{"dog", "0.6667", "1.0000", "0.8000", "2"}));
  EXPECT_EQ(cells(table, "micro")[3], "0.6667");
  EXPECT_EQ(cells(table, "a\\nb")[4], "2");
  EXPECT_EQ(cells(table, "weighted")[4], "6");
}

TEST(ClassificationReportTest, ConfusionsAreAMatrixOfFewLabels) {
  const std::string table = confusion_table(classification_result(kTruth, kPredicted, 3), kLabels);
  EXPECT_EQ(cells(table, "cat"), (std::vector<std::string>{"cat", "1", "1", "0"}));
  EXPECT_EQ(cells(table, "a\\nb"), (std::vector<std::string>{"a\\nb", "1", "0", "1"}));
}

TEST(ClassificationReportTest, ConfusionsAreAListOfManyLabels) {
  std::vector<std::string> labels;
  std::vector<int> truth, predicted;
  for (int i = 0; i < 20; ++i) {
    labels.push_back("label" + std::to_string(i));
    for (int count = 0; count <= i; ++count) {
      truth.push_back(i);
      predicted.push_back((i + 1) % 20);
    }
  }
  const std::string table = confusion_table(classification_result(truth, predicted, 20), labels);
  const std::vector<std::string> lines = split(trim(table), '\n');
  ASSERT_EQ(lines.size(), 3u + 12u);
  EXPECT_THAT(lines[3], HasSubstr("label19"));
  EXPECT_THAT(lines[3], HasSubstr("20"));
  EXPECT_THAT(lines[14], HasSubstr("label8 "));
}

TEST(ClassificationReportTest, JsonHoldsEveryNumberOfTheTables) {
  const auto result = classification_result(kTruth, kPredicted, 3);
  const config::Json json = classification_json(result, kLabels);
  EXPECT_EQ(json["examples"], 6);
  EXPECT_DOUBLE_EQ(json["accuracy"], result.accuracy);
  EXPECT_DOUBLE_EQ(json["macro"]["recall"], result.macro.recall);
  EXPECT_DOUBLE_EQ(json["per_class"]["a\nb"]["f1"], result.classes[2].scores.f1);
  EXPECT_EQ(json["per_class"]["cat"]["support"], 2);
  std::int64_t rows = 0;
  for (const config::Json& cell : json["confusion"]) {
    EXPECT_GT(cell["count"], 0);
    rows += cell["count"].get<std::int64_t>();
  }
  EXPECT_EQ(rows, 6);
}

}  // namespace
}  // namespace fastformer::report
