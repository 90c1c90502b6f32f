// Softmax and ranking of logits.
#include "model/decision.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "temporary_folder.h"

namespace fastformer::model {
namespace {

std::vector<float> random_logits(std::uint64_t seed, double scale) {
  Random random(seed);
  std::vector<float> logits(random.below(20) + 1);
  for (float& logit : logits) logit = static_cast<float>(scale * random.normal());
  return logits;
}

std::vector<double> softmax_of(const std::vector<float>& logits) {
  std::vector<double> probabilities(logits.size());
  softmax(logits, probabilities);
  return probabilities;
}

TEST(DecisionTest, AgreesWithTheFormula) {
  const std::vector<double> p = softmax_of({0, std::log(2.0f), std::log(5.0f)});
  EXPECT_NEAR(p[0], 1.0 / 8, 1e-7);
  EXPECT_NEAR(p[1], 2.0 / 8, 1e-7);
  EXPECT_NEAR(p[2], 5.0 / 8, 1e-7);
}

TEST(DecisionTest, ProbabilitiesSumToOneAtEveryScale) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const double scale : {1e-30, 1.0, 1e4, 1e37}) {
      const auto p = softmax_of(random_logits(seed, scale));
      EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
      for (const double probability : p) EXPECT_GE(probability, 0);
    }
  }
}

TEST(DecisionTest, AShiftChangesNothing) {
  const std::vector<float> logits = {1, -2, 0.5f, 3};
  std::vector<float> shifted = logits;
  for (float& logit : shifted) logit += 1024;
  const auto p = softmax_of(logits);
  const auto q = softmax_of(shifted);
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(p[i], q[i], 1e-12);
}

TEST(DecisionTest, RanksByLogitAndThenByIndex) {
  const auto ranked = decide(std::vector<float>{1, 3, 1, 3, 2}).ranked;
  const std::vector<int> expected = {1, 3, 4, 0, 2};
  ASSERT_EQ(ranked.size(), expected.size());
  for (std::size_t i = 0; i < ranked.size(); ++i) EXPECT_EQ(ranked[i].label, expected[i]);
  EXPECT_EQ(ranked[0].score, ranked[1].score);
}

TEST(DecisionTest, TopKIsTheHeadOfTheWholeRanking) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto logits = random_logits(seed, 1);
    const auto all = decide(logits).ranked;
    ASSERT_EQ(all.size(), logits.size());
    for (int k = 1; k <= static_cast<int>(logits.size()) + 2; ++k) {
      const auto top = decide(logits, k).ranked;
      ASSERT_EQ(top.size(), std::min(logits.size(), static_cast<std::size_t>(k)));
      for (std::size_t i = 0; i < top.size(); ++i) {
        EXPECT_EQ(top[i].label, all[i].label);
        EXPECT_EQ(top[i].score, all[i].score);
      }
    }
  }
}

TEST(DecisionTest, TheTemperatureDividesTheLogitsAndKeepsTheOrder) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto logits = random_logits(seed, 2);
    for (const double temperature : {0.25, 1.0, 8.0}) {
      std::vector<float> divided = logits;
      for (float& logit : divided) logit /= static_cast<float>(temperature);
      const auto ranked = decide(logits, 0, temperature).ranked;
      const auto expected = decide(divided).ranked;
      ASSERT_EQ(ranked.size(), expected.size());
      for (std::size_t i = 0; i < ranked.size(); ++i) {
        EXPECT_EQ(ranked[i].label, expected[i].label);
        EXPECT_NEAR(ranked[i].score, expected[i].score, 1e-12);
      }
    }
  }
}

TEST(DecisionTest, RefusesWhatHasNoProbability) {
  EXPECT_ERROR(decide({}), "0 logits");
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    EXPECT_ERROR(decide(std::vector<float>{1, bad}), "finite");
  }
}

TEST(MultiDecisionTest, ChoosesByThresholdAndRanksByLogit) {
  const std::vector<float> logits = {0, 3, -3, 1};
  const std::vector<double> thresholds = {0.5, 0.99, 0.01, 0.7};
  const MultiDecision decision = decide_multi(logits, thresholds);
  std::vector<int> ranked, chosen;
  for (const Ranked& label : decision.ranked) ranked.push_back(label.label);
  for (const Ranked& label : decision.chosen) chosen.push_back(label.label);
  EXPECT_EQ(ranked, (std::vector<int>{1, 3, 0, 2}));
  EXPECT_EQ(chosen, (std::vector<int>{3, 0, 2}));
  EXPECT_EQ(decision.chosen[1].score, 0.5);
  EXPECT_EQ(decide_multi(logits, {}).chosen.size(), 3U);
  EXPECT_EQ(decide_multi(logits, thresholds, 1, 2).ranked.size(), 2U);
  EXPECT_EQ(decide_multi(logits, thresholds, 1, 2).chosen.size(), 3U);
  EXPECT_EQ(decide_multi(logits, thresholds, 1, 0, 0.6).chosen.size(), 1U);
  EXPECT_NEAR(decide_multi(logits, thresholds, 2).ranked[0].score, 1 / (1 + std::exp(-1.5)), 1e-12);
  const std::vector<double> few = {0.5};
  EXPECT_ERROR(decide_multi(logits, few), "thresholds");
}

TEST(MultiDecisionTest, ScoresAreProbabilitiesAtEveryScale) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const double scale : {1e-30, 1.0, 1e4, 1e37}) {
      for (const Ranked& label : decide_multi(random_logits(seed, scale), {}).ranked) {
        EXPECT_GE(label.score, 0);
        EXPECT_LE(label.score, 1);
      }
    }
  }
}

}  // namespace
}  // namespace fastformer::model
