// Scores of sets of labels and the thresholds that choose them.
#include "metrics/multi_label.h"

#include <algorithm>

#include "base/random.h"
#include "metrics/calibration.h"
#include "metrics/thresholds.h"
#include "temporary_folder.h"

namespace fastformer::metrics {
namespace {

TEST(MultiLabelTest, AgreesWithCountsByHand) {
  const LabelSets truth = {{0, 1}, {}, {2}, {0}};
  const LabelSets predicted = {{0}, {}, {1, 2}, {0}};
  const MultiLabelResult result = multi_label_result(truth, predicted, 4);
  EXPECT_DOUBLE_EQ(result.exact, 0.5);
  EXPECT_DOUBLE_EQ(result.micro.precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(result.micro.recall, 3.0 / 4);
  EXPECT_DOUBLE_EQ(result.classes[0].scores.f1, 1);
  EXPECT_DOUBLE_EQ(result.classes[1].scores.f1, 0);
  EXPECT_DOUBLE_EQ(result.classes[2].scores.f1, 1);
  EXPECT_DOUBLE_EQ(result.macro.f1, 2.0 / 3);  // the fourth does not occur
  EXPECT_DOUBLE_EQ(result.labels_per_row, 1);
  EXPECT_EQ(result.classes[0].support, 2);
}

// One label a row is what single-label scores measure.
TEST(MultiLabelTest, OfOneLabelARowAllScoresAreTheAccuracy) {
  Random random(1);
  std::vector<int> truth, predicted;
  LabelSets truth_sets, predicted_sets;
  for (int i = 0; i < 200; ++i) {
    truth.push_back(static_cast<int>(random.below(5)));
    predicted.push_back(static_cast<int>(random.below(5)));
    truth_sets.push_back({truth.back()});
    predicted_sets.push_back({predicted.back()});
  }
  const ClassificationResult one = classification_result(truth, predicted, 5);
  const MultiLabelResult many = multi_label_result(truth_sets, predicted_sets, 5);
  EXPECT_DOUBLE_EQ(many.exact, one.accuracy);
  EXPECT_DOUBLE_EQ(many.micro.f1, one.accuracy);
  EXPECT_DOUBLE_EQ(many.macro.f1, one.macro.f1);
  EXPECT_DOUBLE_EQ(many.weighted.f1, one.weighted.f1);
  EXPECT_DOUBLE_EQ(precision_at(1, truth_sets, predicted_sets), one.accuracy);
}

TEST(MultiLabelTest, PrecisionAtCountsWhatIsMissing) {
  const LabelSets truth = {{0, 1}, {2}};
  EXPECT_DOUBLE_EQ(precision_at(2, truth, {{1, 3}, {2}}), 2.0 / 4);
  EXPECT_DOUBLE_EQ(precision_at(1, truth, {{1, 3}, {2}}), 1);
  EXPECT_ERROR(precision_at(0, truth, {{1}, {2}}), "at 0");
}

TEST(MultiLabelTest, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(multi_label_result({{0}}, {}, 2), "0 predictions for 1");
  EXPECT_ERROR(multi_label_result({}, {}, 2), "no rows");
  EXPECT_ERROR(multi_label_result({{0}}, {{2}}, 2), "row 1");
}

double f1_at(const std::vector<double>& scores, const std::vector<float>& targets,
             double threshold) {
  double right = 0, named = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    right += scores[i] >= threshold && targets[i] > 0;
    named += (scores[i] >= threshold) + (targets[i] > 0);
  }
  return named > 0 ? 2 * right / named : 0;
}

TEST(ThresholdsTest, NoOtherThresholdIsBetter) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    std::vector<double> scores;
    std::vector<float> targets;
    for (int i = 0; i < 60; ++i) {
      targets.push_back(random.below(4) == 0 ? 1 : 0);
      // Few distinct scores, so that some are equal.
      scores.push_back((static_cast<double>(random.below(20)) + 10 * targets.back()) / 30);
    }
    const CommonThreshold found =
        fit_common_threshold({scores.data(), 60, 1}, {targets.data(), 60, 1});
    EXPECT_DOUBLE_EQ(f1_at(scores, targets, found.threshold), found.f1);
    for (double threshold = -0.01; threshold < 1; threshold += 0.01) {
      EXPECT_LE(f1_at(scores, targets, threshold), found.f1);
    }
    const auto own = fit_thresholds({scores.data(), 60, 1}, {targets.data(), 60, 1});
    EXPECT_EQ(own[0], found.threshold);
  }
}

TEST(ThresholdsTest, RareLabelsShareOne) {
  constexpr std::int64_t kRows = 40;
  std::vector<double> scores;
  std::vector<float> targets;
  for (std::int64_t i = 0; i < kRows; ++i) {
    // Label 0 is true from 0.6 on, label 1 in one row with a low score, label 2 never.
    scores.insert(scores.end(), {static_cast<double>(i) / kRows, i == 3 ? 0.2 : 0.1, 0.05});
    targets.insert(targets.end(), {i >= 24 ? 1.0F : 0.0F, i == 3 ? 1.0F : 0.0F, 0.0F});
  }
  const auto thresholds = fit_thresholds({scores.data(), kRows, 3}, {targets.data(), kRows, 3});
  EXPECT_GT(thresholds[0], 23.0 / kRows);
  EXPECT_LE(thresholds[0], 24.0 / kRows);
  EXPECT_EQ(thresholds[1], thresholds[2]);
  const std::vector<float> none(targets.size(), 0);
  EXPECT_EQ(fit_thresholds({scores.data(), kRows, 3}, {none.data(), kRows, 3}),
            std::vector<double>(3, 0.5));
}

TEST(LabelCalibrationTest, IsThatOfTheLabelsOneByOne) {
  Random random(3);
  std::vector<double> scores;
  std::vector<float> targets;
  std::vector<int> truth;
  for (int i = 0; i < 300; ++i) {
    scores.push_back(random.uniform());
    truth.push_back(random.uniform() < scores.back() ? 1 : 0);
    targets.push_back(static_cast<float>(truth.back()));
  }
  const std::vector<int> predicted(300, 1);
  const Calibration expected = calibration(truth, predicted, scores);
  const Calibration found = label_calibration({scores.data(), 100, 3}, {targets.data(), 100, 3});
  EXPECT_EQ(found.rows, 300);
  EXPECT_DOUBLE_EQ(found.expected_error, expected.expected_error);
}

}  // namespace
}  // namespace fastformer::metrics
