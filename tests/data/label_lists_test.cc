// Which labels look like lists.
#include "data/label_lists.h"

#include <gtest/gtest.h>

#include <vector>

namespace fastformer::data {
namespace {

// The separator that is found, or nothing.
std::string found(const std::vector<std::string>& labels) {
  const auto lists = find_label_lists(labels);
  return lists ? lists->separator : "";
}

std::vector<std::string> all_pairs(const std::string& separator) {
  std::vector<std::string> labels;
  for (const std::string a : {"a", "b", "c", "d", "e"}) {
    for (const std::string b : {"v", "w", "x", "y"}) {
      labels.push_back(a);
      labels.back() += separator + b;
    }
  }
  return labels;
}

TEST(LabelListsTest, PartsThatAreLabelsOrFew) {
  for (const std::string separator : {"|", ";", ","}) {
    EXPECT_EQ(found(all_pairs(separator)), separator);
    EXPECT_EQ(found(all_pairs(separator + " ")), separator);
    EXPECT_EQ(
        found({"food", "sport", "art", "food" + separator + "sport", "art" + separator + "food"}),
        separator);
  }
  EXPECT_EQ(found({"food", "sport", "food sport", "sport food", "food sport food"}), " ");
}

TEST(LabelListsTest, NamesAreNoLists) {
  EXPECT_EQ(found({}), "");
  EXPECT_EQ(found({"science", "fiction", "science fiction"}), "");
  EXPECT_EQ(found({"good", "bad", "very good", "very bad", "very"}), "");
  EXPECT_EQ(found(all_pairs(" ")), "");
  EXPECT_EQ(found({"Washington, DC", "Portland, OR", "Portland, ME"}), "");
  EXPECT_EQ(found({"a|", "|b", "|"}), "");
  EXPECT_EQ(found({"1,0", "1,5", "2,0", "2,5", "3,0", "3,5", "4,0", "4,5"}), "");
}

TEST(LabelListsTest, SaysWhatItFound) {
  const std::vector<std::string> labels = {"a", "b", "a|b", "b|a"};
  EXPECT_EQ(find_label_lists(labels)->describe(4),
            "2 of 4 labels look like lists of 2 labels, such as \"a|b\"");
}

}  // namespace
}  // namespace fastformer::data
