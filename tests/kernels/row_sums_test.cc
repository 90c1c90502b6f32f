// Sums over documents and over equal ids against plain loops, for any number of threads.
#include <gtest/gtest.h>

#include <map>

#include "kernels/document_sum.h"
#include "kernels/row_gather.h"
#include "random_values.h"

namespace fastformer::kernels {
namespace {

TEST(DocumentSumTest, EqualsAPlainLoopForAllLengths) {
  ThreadPool pool(3);
  for (std::int64_t width : {1, 5, 16}) {
    const std::vector<std::int64_t> offsets = offsets_of_all_lengths(70);
    const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
    const std::vector<double> rows = normal_values<double>(offsets.back() * width, 1);
    std::vector<double> sums(static_cast<std::size_t>(documents * width), -1);
    document_sum<double>(offsets, {rows.data(), offsets.back(), width},
                         {sums.data(), documents, width}, pool.parallel_for());
    for (std::int64_t b = 0; b < documents; ++b) {
      for (std::int64_t j = 0; j < width; ++j) {
        double sum = 0;
        for (std::int64_t i = offsets[b]; i < offsets[b + 1]; ++i) sum += rows[i * width + j];
        ASSERT_EQ(sums[b * width + j], sum) << b << " " << j;
      }
    }
  }
}

TEST(RowGatherTest, EqualsAMapOfSumsForAllCounts) {
  ThreadPool pool(3);
  Random random(5);
  for (std::int64_t tokens = 0; tokens < 300; tokens += 1 + tokens / 8) {
    constexpr std::int64_t kWidth = 3;
    std::vector<std::int64_t> ids;
    for (std::int64_t i = 0; i < tokens; ++i) {
      ids.push_back(i % 50 == 7 ? 0x7fffffff : static_cast<std::int64_t>(random.below(100)));
    }
    const std::vector<float> gradient = normal_values<float>(tokens * kWidth, 2);
    std::map<std::int64_t, std::vector<float>> expected;
    for (std::int64_t i = 0; i < tokens; ++i) {
      std::vector<float>& sum = expected.try_emplace(ids[i], kWidth, 0.0f).first->second;
      for (std::int64_t j = 0; j < kWidth; ++j) sum[j] += gradient[i * kWidth + j];
    }
    const Grouping grouping = group_equal(ids);
    ASSERT_EQ(grouping.values.size(), expected.size());
    std::vector<float> sums(expected.size() * kWidth);
    sum_groups<float>(grouping, {gradient.data(), tokens, kWidth},
                      {sums.data(), grouping.groups(), kWidth}, pool.parallel_for());
    std::size_t row = 0;
    for (const auto& [id, sum] : expected) {
      EXPECT_EQ(grouping.values[row], id);
      for (std::size_t j = 0; j < kWidth; ++j) EXPECT_EQ(sums[row * kWidth + j], sum[j]);
      ++row;
    }
  }
}

}  // namespace
}  // namespace fastformer::kernels
