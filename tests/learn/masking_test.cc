// Masks and candidates: their shares, their probabilities, and what they never do.
#include "learn/tasks/masking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace fastformer::learn {
namespace {

using Ids = std::vector<std::int32_t>;

// Word v occurs v * v times; the unknown word 7 times.
WordFrequencies frequencies(int vocabulary) {
  Ids ids(7, 0);
  for (int v = 1; v < vocabulary; ++v) ids.insert(ids.end(), static_cast<std::size_t>(v * v), v);
  return WordFrequencies(std::vector<Ids>{ids, {}}, vocabulary);
}

TEST(WordFrequenciesTest, AreCountsPlusOne) {
  const WordFrequencies found = frequencies(5);  // counts 1, 4, 9, 16
  EXPECT_EQ(found.most_frequent(), 4);
  double sum = 0;
  for (int v = 0; v < 5; ++v) {
    const double share = std::exp(found.logs()[static_cast<std::size_t>(v)]);
    EXPECT_NEAR(share, (v * v + 1) / 35.0, 1e-6);
    sum += share;
  }
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(WordFrequenciesTest, DrawsFollowThem) {
  const WordFrequencies words = frequencies(6);
  constexpr int kDraws = 200'000;
  Random random(3);
  std::map<std::int32_t, int> plain, flattened;
  for (int n = 0; n < kDraws; ++n) {
    ++plain[words.draw(random)];
    ++flattened[words.draw_flattened(random)];
  }
  double sum = 0, power_sum = 0;
  for (int v = 1; v < 6; ++v) sum += v * v + 1, power_sum += std::pow(v * v + 1, 0.75);
  EXPECT_EQ(plain.count(0) + flattened.count(0), 0u);
  for (int v = 1; v < 6; ++v) {
    EXPECT_NEAR(plain[v] / double{kDraws}, (v * v + 1) / sum, 0.005) << v;
    EXPECT_NEAR(flattened[v] / double{kDraws}, std::pow(v * v + 1, 0.75) / power_sum, 0.005) << v;
  }
}

TEST(WordFrequenciesTest, PresenceIsThatOfManyDraws) {
  const WordFrequencies words = frequencies(40);
  constexpr int kTrials = 20'000, kFlattened = 6, kPlain = 4;
  Random random(5);
  std::vector<int> present(40);
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<std::int32_t> drawn;
    for (int n = 0; n < kFlattened; ++n) drawn.push_back(words.draw_flattened(random));
    for (int n = 0; n < kPlain; ++n) drawn.push_back(words.draw(random));
    std::sort(drawn.begin(), drawn.end());
    drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
    for (std::int32_t id : drawn) ++present[static_cast<std::size_t>(id)];
  }
  for (int v = 1; v < 40; ++v) {
    EXPECT_NEAR(present[static_cast<std::size_t>(v)] / double{kTrials},
                std::exp(words.log_presence(v, kFlattened, kPlain)), 0.015)
        << v;
  }
}

TEST(MaskTokensTest, MasksTheShareInThreeWays) {
  const WordFrequencies words = frequencies(50);
  Ids ids;
  for (int n = 0; n < 100'000; ++n) ids.push_back(n % 50);
  const MaskedTokens masked = mask_tokens(ids, words, 0.15, 1);
  ASSERT_EQ(masked.ids.size(), ids.size());
  const double known = 98'000;
  EXPECT_NEAR(static_cast<double>(masked.places.size()) / known, 0.15, 0.005);
  std::size_t unknown = 0, kept = 0, next = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool chosen =
        next < masked.places.size() && masked.places[next] == static_cast<std::int64_t>(i);
    if (!chosen) {
      ASSERT_EQ(masked.ids[i], ids[i]);
      continue;
    }
    ASSERT_NE(ids[i], 0);  // nothing is learnt from guessing an unknown word
    ASSERT_EQ(masked.targets[next++], ids[i]);
    unknown += masked.ids[i] == 0;
    kept += masked.ids[i] == ids[i];
  }
  const auto places = static_cast<double>(masked.places.size());
  EXPECT_NEAR(static_cast<double>(unknown) / places, 0.8, 0.015);
  EXPECT_NEAR(static_cast<double>(kept) / places, 0.1 + 0.1 / 49, 0.015);
}

TEST(MaskTokensTest, TheSeedDecides) {
  const WordFrequencies words = frequencies(50);
  const Ids ids(1000, 7);
  EXPECT_EQ(mask_tokens(ids, words, 0.3, 1).places, mask_tokens(ids, words, 0.3, 1).places);
  EXPECT_NE(mask_tokens(ids, words, 0.3, 1).places, mask_tokens(ids, words, 0.3, 2).places);
  EXPECT_TRUE(mask_tokens(Ids(1000, 0), words, 0.9, 1).places.empty());
  EXPECT_TRUE(mask_tokens(Ids(), words, 0.9, 1).ids.empty());
}

TEST(CandidatesTest, AreDistinctAndHoldTheTargets) {
  const WordFrequencies words = frequencies(300);
  const std::vector<std::int64_t> targets = {5, 299, 5, 1, 17};
  const Candidates chosen = choose_candidates(targets, words, 20, 4);
  EXPECT_TRUE(std::is_sorted(chosen.ids.begin(), chosen.ids.end()));
  EXPECT_EQ(std::adjacent_find(chosen.ids.begin(), chosen.ids.end()), chosen.ids.end());
  EXPECT_LE(chosen.ids.size(), 24u);
  for (std::size_t n = 0; n < targets.size(); ++n) {
    EXPECT_EQ(chosen.ids[static_cast<std::size_t>(chosen.targets[n])], targets[n]);
  }
  ASSERT_EQ(chosen.corrections.size(), chosen.ids.size());
  for (std::size_t n = 0; n < chosen.ids.size(); ++n) {
    EXPECT_GE(chosen.corrections[n], 0);
    EXPECT_NEAR(chosen.corrections[n], -words.log_presence(chosen.ids[n], 20, 5), 1e-5);
  }
}

TEST(CandidatesTest, AreAllWordsWhereThatIsNoMore) {
  const WordFrequencies words = frequencies(30);
  for (int draws : {0, 30, 31}) {
    const Candidates chosen = choose_candidates(std::vector<std::int64_t>{3, 29}, words, draws, 4);
    EXPECT_EQ(chosen.ids.size(), 30u);
    EXPECT_TRUE(chosen.corrections.empty());
    EXPECT_EQ(chosen.targets, (std::vector<std::int64_t>{3, 29}));
  }
}

// The mean over draws of the sampled softmax's normaliser is that of all words.
TEST(CandidatesTest, EstimateTheSumOverAllWords) {
  constexpr int kWords = 200, kTrials = 4000;
  const WordFrequencies words = frequencies(kWords);
  std::vector<double> scores;
  Random random(8);
  for (int v = 0; v < kWords; ++v) scores.push_back(random.normal() + words.logs()[v]);
  double expected = 0, found = 0;
  for (int v = 1; v < kWords; ++v) expected += std::exp(scores[v]);
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<std::int64_t> targets;
    for (int n = 0; n < 8; ++n) targets.push_back(words.draw(random));
    const Candidates chosen = choose_candidates(targets, words, 30, random.next());
    for (std::size_t n = 0; n < chosen.ids.size(); ++n) {
      found += std::exp(scores[static_cast<std::size_t>(chosen.ids[n])] + chosen.corrections[n]);
    }
  }
  EXPECT_NEAR(found / kTrials, expected, 0.02 * expected);
}

}  // namespace
}  // namespace fastformer::learn
