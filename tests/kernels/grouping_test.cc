// Grouping against a plainly written twin.
#include "kernels/grouping.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace fastformer::kernels {
namespace {

void expect_grouped(const std::vector<std::int64_t>& items) {
  std::map<std::int64_t, std::vector<std::int32_t>> expected;
  for (std::size_t i = 0; i < items.size(); ++i) {
    expected[items[i]].push_back(static_cast<std::int32_t>(i));
  }
  const Grouping grouping = group_equal(items);
  ASSERT_EQ(grouping.values.size(), expected.size());
  ASSERT_EQ(grouping.starts.size(), expected.size() + 1);
  ASSERT_EQ(grouping.group_of.size(), items.size());
  std::size_t group = 0;
  for (const auto& [value, places] : expected) {
    EXPECT_EQ(grouping.values[group], value);
    const std::vector<std::int32_t> found(grouping.places.begin() + grouping.starts[group],
                                          grouping.places.begin() + grouping.starts[group + 1]);
    EXPECT_EQ(found, places);
    for (std::int32_t place : places) {
      EXPECT_EQ(grouping.group_of[static_cast<std::size_t>(place)],
                static_cast<std::int32_t>(group));
    }
    ++group;
  }
}

TEST(GroupingTest, IsTheTwinForItemsOfEveryWidth) {
  Random random(1);
  for (int bits = 0; bits < 32; ++bits) {
    for (std::size_t count : {1, 2, 50, 700}) {
      std::vector<std::int64_t> items(count);
      for (std::int64_t& item : items) {
        const std::uint64_t drawn = random.below((std::uint64_t{1} << bits));
        item = static_cast<std::int64_t>(random.below(3) == 0 ? drawn % 7 : drawn);
      }
      expect_grouped(items);
    }
  }
}

TEST(GroupingTest, TakesNothingAndTheLargestItems) {
  expect_grouped({});
  expect_grouped({0, 0, 0});
  expect_grouped({2147483647, 0, 2147483647, 2048, 2047});
}

}  // namespace
}  // namespace fastformer::kernels
