// Scores against values worked out by hand, and identities between them.
#include "metrics/classification.h"

#include <fastformer/error.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace fastformer::metrics {
namespace {

void expect_scores(const Scores& scores, double precision, double recall, double f1) {
  EXPECT_NEAR(scores.precision, precision, 1e-12);
  EXPECT_NEAR(scores.recall, recall, 1e-12);
  EXPECT_NEAR(scores.f1, f1, 1e-12);
}

struct Lists {
  std::vector<int> truth;
  std::vector<int> predicted;
  int classes;
};

Lists random_lists(std::uint64_t seed) {
  Random random(seed);
  Lists lists{{}, {}, static_cast<int>(random.below(12)) + 1};
  const std::uint64_t examples = random.below(60) + 1;
  for (std::uint64_t i = 0; i < examples; ++i) {
    lists.truth.push_back(
        static_cast<int>(random.below(static_cast<std::uint64_t>(lists.classes))));
    const bool right = random.uniform() < 0.5;
    const auto other = random.below(static_cast<std::uint64_t>(lists.classes));
    lists.predicted.push_back(right ? lists.truth.back() : static_cast<int>(other));
  }
  return lists;
}

TEST(ClassificationTest, AgreesWithValuesWorkedOutByHand) {
  // Class 0: 2 of 3 predictions right, 2 of 3 found. 1: 1 of 2, 1 of 2. 2: 1 of 1, 1 of 1.
  const std::vector<int> truth = {0, 0, 0, 1, 1, 2};
  const std::vector<int> predicted = {0, 0, 1, 1, 0, 2};
  const auto result = classification_result(truth, predicted, 3);
  EXPECT_EQ(result.examples, 6);
  EXPECT_NEAR(result.accuracy, 4.0 / 6, 1e-12);
  expect_scores(result.classes[0].scores, 2.0 / 3, 2.0 / 3, 2.0 / 3);
  expect_scores(result.classes[1].scores, 0.5, 0.5, 0.5);
  expect_scores(result.classes[2].scores, 1, 1, 1);
  expect_scores(result.macro, 13.0 / 18, 13.0 / 18, 13.0 / 18);
  expect_scores(result.weighted, 2.0 / 3, 2.0 / 3, 2.0 / 3);
  EXPECT_EQ(result.confused(0, 1), 1);
  EXPECT_EQ(result.confused(0, 0), 2);
  EXPECT_EQ(result.confused(2, 0), 0);
}

TEST(ClassificationTest, PrecisionAndRecallAreNotSwapped) {
  const auto result = classification_result(std::vector{0, 0, 0, 1}, std::vector{0, 1, 1, 1}, 2);
  expect_scores(result.classes[0].scores, 1, 1.0 / 3, 0.5);
  expect_scores(result.classes[1].scores, 1.0 / 3, 1, 0.5);
  expect_scores(result.weighted, (3 * 1 + 1.0 / 3) / 4, (3 * (1.0 / 3) + 1) / 4, 0.5);
}

TEST(ClassificationTest, ClassesThatNeverOccurDoNotCountInTheMacroMean) {
  const std::vector<int> truth = {0, 4};
  const std::vector<int> predicted = {0, 2};
  const auto result = classification_result(truth, predicted, 50);
  // Classes 0, 2 and 4 occur; only class 0 scores.
  expect_scores(result.macro, 1.0 / 3, 1.0 / 3, 1.0 / 3);
  expect_scores(result.classes[2].scores, 0, 0, 0);
  EXPECT_EQ(result.classes[4].support, 1);
  EXPECT_EQ(result.classes[49].support, 0);
}

TEST(ClassificationTest, MicroScoresAreTheAccuracy) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Lists lists = random_lists(seed);
    const auto result = classification_result(lists.truth, lists.predicted, lists.classes);
    expect_scores(result.micro, result.accuracy, result.accuracy, result.accuracy);
    EXPECT_NEAR(result.weighted.recall, result.accuracy, 1e-12);
  }
}

TEST(ClassificationTest, ConfusionCountsAddUp) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Lists lists = random_lists(seed);
    const auto result = classification_result(lists.truth, lists.predicted, lists.classes);
    std::int64_t all = 0;
    for (int t = 0; t < lists.classes; ++t) {
      std::int64_t row = 0;
      std::int64_t column = 0;
      for (int p = 0; p < lists.classes; ++p) {
        row += result.confused(t, p);
        column += result.confused(p, t);
      }
      const ClassResult& counts = result.classes[static_cast<std::size_t>(t)];
      EXPECT_EQ(row, counts.support);
      EXPECT_EQ(column, counts.predicted);
      EXPECT_EQ(result.confused(t, t), counts.correct);
      all += row;
    }
    EXPECT_EQ(all, result.examples);
  }
}

TEST(ClassificationTest, F1IsTheHarmonicMean) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Lists lists = random_lists(seed);
    for (const auto& counts :
         classification_result(lists.truth, lists.predicted, lists.classes).classes) {
      const Scores& s = counts.scores;
      const double sum = s.precision + s.recall;
      EXPECT_NEAR(s.f1, sum > 0 ? 2 * s.precision * s.recall / sum : 0, 1e-12);
    }
  }
}

TEST(ClassificationTest, TheOrderOfExamplesDoesNotMatter) {
  const Lists lists = random_lists(7);
  std::vector<int> truth(lists.truth.rbegin(), lists.truth.rend());
  std::vector<int> predicted(lists.predicted.rbegin(), lists.predicted.rend());
  const auto forward = classification_result(lists.truth, lists.predicted, lists.classes);
  const auto backward = classification_result(truth, predicted, lists.classes);
  EXPECT_EQ(forward.macro.f1, backward.macro.f1);
  EXPECT_EQ(forward.weighted.f1, backward.weighted.f1);
}

TEST(ClassificationTest, RefusesWhatHasNoScore) {
  const std::vector<int> one = {0};
  EXPECT_THROW(classification_result({}, {}, 3), Error);
  EXPECT_THROW(classification_result(one, std::vector{0, 1}, 3), Error);
  EXPECT_THROW(classification_result(one, std::vector{3}, 3), Error);
  EXPECT_THROW(classification_result(one, std::vector{-1}, 3), Error);
  EXPECT_THROW(classification_result(std::vector{1}, one, 1), Error);
  EXPECT_THROW(classification_result(one, one, -1), Error);
}

}  // namespace
}  // namespace fastformer::metrics
