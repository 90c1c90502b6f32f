// Labels are sorted as people expect and found again.
#include "data/labels.h"

#include "read_text.h"

namespace fastformer::data {
namespace {

TEST(LabelsTest, NumbersSortByValueAndTheRestByBytes) {
  EXPECT_EQ(in_label_order({"10", "9", "-1"}), (Lines{"-1", "9", "10"}));
  EXPECT_EQ(in_label_order({"10.0", "2.5", "1"}), (Lines{"1", "2.5", "10.0"}));
  EXPECT_EQ(in_label_order({"1", "01", "1.0"}), (Lines{"01", "1", "1.0"}));
  EXPECT_EQ(in_label_order({"10", "9", "x"}), (Lines{"10", "9", "x"}));
  EXPECT_EQ(in_label_order({"10", "9", "nan"}), (Lines{"10", "9", "nan"}));
  EXPECT_EQ(in_label_order({"b", "B", "\xc3\xa4", "a"}), (Lines{"B", "a", "b", "\xc3\xa4"}));
  EXPECT_EQ(in_label_order({}), Lines{});
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
