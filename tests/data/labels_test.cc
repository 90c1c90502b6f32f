// Labels are sorted as people expect and found again.
#include "data/labels.h"

#include "read_text.h"

namespace fastformer::data {
namespace {

Lines labels_of(const Lines& labels) {
  std::vector<Record> records;
  for (const std::string& label : labels) {
    records.push_back({});
    records.back().label = label;
    records.back().has_label = true;
  }
  records.push_back({});
  return label_set(records);
}

TEST(LabelsTest, NumbersSortByValueAndTheRestByBytes) {
  EXPECT_EQ(labels_of({"10", "9", "-1", "9", "10"}), (Lines{"-1", "9", "10"}));
  EXPECT_EQ(labels_of({"10.0", "2.5", "1"}), (Lines{"1", "2.5", "10.0"}));
  EXPECT_EQ(labels_of({"1", "01", "1.0"}), (Lines{"01", "1", "1.0"}));
  EXPECT_EQ(labels_of({"10", "9", "x"}), (Lines{"10", "9", "x"}));
  EXPECT_EQ(labels_of({"10", "9", "nan"}), (Lines{"10", "9", "nan"}));
  EXPECT_EQ(labels_of({"b", "B", "\xc3\xa4", "a"}), (Lines{"B", "a", "b", "\xc3\xa4"}));
  EXPECT_EQ(labels_of({}), Lines{});
}

TEST(LabelsTest, IndexFindsEachLabel) {
  const Lines labels = {"b", "a", ""};
  const LabelIndex index(labels);
  EXPECT_EQ(index.find("b"), 0);
  EXPECT_EQ(index.find("a"), 1);
  EXPECT_EQ(index.find(""), 2);
  EXPECT_EQ(index.find("c"), -1);
  EXPECT_ERROR(LabelIndex(Lines{"a", "a"}), "\"a\" is listed twice");
}

}  // namespace
}  // namespace fastformer::data
