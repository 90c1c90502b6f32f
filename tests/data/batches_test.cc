// Batches hold every document once, keep their bounds, and put documents of like length together.
#include "data/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace fastformer::data {
namespace {

using Plan = std::vector<std::vector<std::int64_t>>;

std::vector<std::int64_t> random_lengths(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> lengths;
  while (lengths.size() < count) {
    lengths.push_back(static_cast<std::int64_t>(random.below(random.below(20) == 0 ? 5000 : 300)));
  }
  return lengths;
}

std::vector<std::int64_t> flat(const Plan& plan) {
  std::vector<std::int64_t> all;
  for (const auto& batch : plan) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

void expect_bounds(const Plan& plan, const std::vector<std::int64_t>& lengths,
                   const BatchOptions& options) {
  for (const auto& batch : plan) {
    ASSERT_FALSE(batch.empty());
    std::int64_t tokens = 0;
    for (const std::int64_t document : batch) tokens += lengths[static_cast<std::size_t>(document)];
    EXPECT_LE(batch.size(), static_cast<std::size_t>(options.batch_size));
    EXPECT_TRUE(tokens <= options.batch_tokens || batch.size() == 1) << tokens;
  }
}

TEST(PlanTest, EveryDocumentOnceWithinTheBounds) {
  for (const std::size_t count : {0, 1, 2, 3, 10, 1000, 30000}) {
    for (const BatchOptions options : {BatchOptions{}, BatchOptions{1, 1}, BatchOptions{7, 900}}) {
      const auto lengths = random_lengths(count, count);
      for (const Plan& plan :
           {plan_batches(lengths, options, 5, 0), plan_in_order(lengths, options)}) {
        expect_bounds(plan, lengths, options);
        std::vector<std::int64_t> all = flat(plan);
        std::sort(all.begin(), all.end());
        ASSERT_EQ(all.size(), count);
        for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i));
      }
    }
  }
}

TEST(PlanTest, InOrderKeepsTheOrderAndFillsBatches) {
  const BatchOptions options{3, 10};
  EXPECT_EQ(plan_in_order(std::vector<std::int64_t>{1, 1, 1, 1, 9, 1, 50, 0, 0, 0, 0}, options),
            (Plan{{0, 1, 2}, {3, 4}, {5}, {6}, {7, 8, 9}, {10}}));
}

TEST(PlanTest, SeedAndEpochDetermineTheOrder) {
  const auto lengths = random_lengths(2000, 1);
  const Plan plan = plan_batches(lengths, {}, 5, 0);
  EXPECT_EQ(plan_batches(lengths, {}, 5, 0), plan);
  EXPECT_NE(plan_batches(lengths, {}, 5, 1), plan);
  EXPECT_NE(plan_batches(lengths, {}, 6, 0), plan);
}

TEST(PlanTest, BatchMatesHaveLikeLengthsButChangeBetweenEpochs) {
  const auto lengths = random_lengths(4000, 2);
  const Plan plan = plan_batches(lengths, {}, 5, 0);
  double spread = 0;
  for (const auto& batch : plan) {
    const auto [low, high] =
        std::minmax_element(batch.begin(), batch.end(), [&](std::int64_t a, std::int64_t b) {
          return lengths[static_cast<std::size_t>(a)] < lengths[static_cast<std::size_t>(b)];
        });
    spread += static_cast<double>(lengths[static_cast<std::size_t>(*high)] -
                                  lengths[static_cast<std::size_t>(*low)]) /
              static_cast<double>(plan.size());
  }
  // Documents of a random batch of 64 spread over 4,000 tokens and more.
  EXPECT_LT(spread, 300);
  std::vector<std::vector<std::int64_t>> first = plan, second = plan_batches(lengths, {}, 5, 1);
  for (auto* batches : {&first, &second}) {
    for (auto& batch : *batches) std::sort(batch.begin(), batch.end());
    std::sort(batches->begin(), batches->end());
  }
  Plan same;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(same));
  EXPECT_LT(same.size(), 5 + first.size() / 4) << "of " << first.size();
  EXPECT_FALSE(std::is_sorted(plan.begin(), plan.end(), [&](const auto& a, const auto& b) {
    return lengths[static_cast<std::size_t>(a[0])] < lengths[static_cast<std::size_t>(b[0])];
  })) << "batches must not come by length";
}

TEST(MakeBatchTest, PutsDocumentsEndToEnd) {
  const std::vector<std::vector<std::int32_t>> documents = {{1, 2}, {}, {3}};
  const RaggedBatch batch = make_batch(documents, std::vector<std::int64_t>{2, 1, 0});
  EXPECT_EQ(batch.ids, (std::vector<std::int32_t>{3, 1, 2}));
  EXPECT_EQ(batch.offsets, (std::vector<std::int64_t>{0, 1, 1, 3}));
  EXPECT_EQ(batch.documents, (std::vector<std::int64_t>{2, 1, 0}));
  EXPECT_EQ(make_batch(documents, {}).offsets, std::vector<std::int64_t>{0});
}

TEST(BatchOptionsTest, AreDescribed) {
  BatchOptions options;
  config::OptionSet set;
  options.describe(set);
  const std::string value = "3";
  set.apply_flag("batch-size", std::span(&value, 1));
  set.apply_flag("batch-tokens", std::span(&value, 1));
  EXPECT_EQ(options.batch_size, 3);
  EXPECT_EQ(options.batch_tokens, 3);
}

TEST(PlanBatchesTest, WithoutBucketsLengthsAreMixed) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 640; ++i) lengths.push_back(i % 20);
  BatchOptions options;
  options.bucket = false;
  std::vector<int> seen(lengths.size());
  for (const auto& batch : plan_batches(lengths, options, 1, 0)) {
    std::int64_t shortest = 20, longest = 0;
    for (const std::int64_t document : batch) {
      ++seen[static_cast<std::size_t>(document)];
      shortest = std::min(shortest, lengths[static_cast<std::size_t>(document)]);
      longest = std::max(longest, lengths[static_cast<std::size_t>(document)]);
    }
    EXPECT_GT(longest - shortest, 10);
  }
  for (const int count : seen) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace fastformer::data
