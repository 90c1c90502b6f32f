// Calibration error and Brier score against plainly written twins.
#include "metrics/calibration.h"

#include <cmath>
#include <limits>

#include "base/random.h"
#include "temporary_folder.h"

namespace fastformer::metrics {
namespace {

struct Rows {
  std::vector<int> truth, predicted;
  std::vector<double> confidence;
};

// Rows whose prediction is right with probability `honesty` times their confidence.
Rows random_rows(std::uint64_t seed, int count, double honesty) {
  Random random(seed);
  Rows rows;
  for (int i = 0; i < count; ++i) {
    rows.confidence.push_back(random.uniform());
    rows.predicted.push_back(static_cast<int>(random.below(3)));
    const bool right = random.uniform() < honesty * rows.confidence.back();
    rows.truth.push_back(right ? rows.predicted.back() : (rows.predicted.back() + 1) % 3);
  }
  return rows;
}

Calibration calibration_of(const Rows& rows, int bins = kCalibrationBins) {
  return calibration(rows.truth, rows.predicted, rows.confidence, bins);
}

TEST(CalibrationTest, AgreesWithTheDefinitionForEveryNumberOfBins) {
  for (int bins = 1; bins <= 20; ++bins) {
    const Rows rows = random_rows(static_cast<std::uint64_t>(bins), 200, 0.7);
    double expected = 0;
    for (int b = 0; b < bins; ++b) {
      double count = 0, right = 0, confidence = 0;
      for (std::size_t i = 0; i < rows.truth.size(); ++i) {
        const double c = rows.confidence[i];
        if (c > (b + 1.0) / bins || (c <= static_cast<double>(b) / bins && !(b == 0 && c == 0))) {
          continue;
        }
        ++count;
        right += rows.truth[i] == rows.predicted[i];
        confidence += c;
      }
      if (count > 0) expected += count / 200 * std::abs(right / count - confidence / count);
    }
    EXPECT_NEAR(calibration_of(rows, bins).expected_error, expected, 1e-12) << bins;
  }
}

TEST(CalibrationTest, EveryRowIsInTheBinThatHoldsItsConfidence) {
  for (int bins = 1; bins <= 40; ++bins) {
    for (int i = 0; i <= bins; ++i) {
      // Exactly on a bound, and the neighbours on both sides of it.
      const double bound = static_cast<double>(i) / bins;
      for (const double c : {std::nextafter(bound, 0.0), bound, std::nextafter(bound, 1.0)}) {
        const Calibration result =
            calibration(std::vector{1}, std::vector{1}, std::vector{c}, bins);
        int holding = 0;
        for (const CalibrationBin& bin : result.bins) {
          if (bin.rows == 0) continue;
          ++holding;
          EXPECT_TRUE((bin.low < c && c <= bin.high) || (c == 0 && bin.low == 0)) << c;
          EXPECT_EQ(bin.confidence, c);
        }
        EXPECT_EQ(holding, 1) << c;
      }
    }
  }
}

TEST(CalibrationTest, HonestScoresHaveASmallErrorAndBoastsALargeOne) {
  EXPECT_LT(calibration_of(random_rows(1, 20000, 1)).expected_error, 0.02);
  EXPECT_NEAR(calibration_of(random_rows(2, 20000, 0.5)).expected_error, 0.25, 0.02);
}

TEST(CalibrationTest, BinsAddUpToAllRows) {
  const Rows rows = random_rows(3, 500, 0.8);
  const Calibration result = calibration_of(rows);
  std::int64_t count = 0;
  double right = 0;
  for (const CalibrationBin& bin : result.bins) {
    count += bin.rows;
    right += bin.accuracy * static_cast<double>(bin.rows);
  }
  double expected = 0;
  for (std::size_t i = 0; i < rows.truth.size(); ++i)
    expected += rows.truth[i] == rows.predicted[i];
  EXPECT_EQ(count, 500);
  EXPECT_EQ(result.rows, 500);
  EXPECT_NEAR(right, expected, 1e-9);
  EXPECT_EQ(result.bins.front().low, 0);
  EXPECT_EQ(result.bins.back().high, 1);
}

TEST(CalibrationTest, RefusesWhatIsNoProbability) {
  const std::vector<int> one = {0};
  for (const double bad : {-0.1, 1.0000001, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_ERROR(calibration(one, one, std::vector{bad}), "from 0 to 1");
  }
  EXPECT_ERROR(calibration({}, {}, {}), "no rows");
  EXPECT_ERROR(calibration(one, one, {}), "0 confidences");
  EXPECT_ERROR(calibration(one, {}, std::vector{0.5}), "0 predictions");
  EXPECT_ERROR(calibration(one, one, std::vector{0.5}, 0), "bin");
}

TEST(BrierScoreTest, RunsFromPerfectToWorst) {
  const std::vector<double> probabilities = {1, 0, 0, 0.25, 0.25, 0.5};
  const MatrixView<const double> rows(probabilities.data(), 2, 3);
  EXPECT_DOUBLE_EQ(brier_score(std::vector{0}, rows.rows_between(0, 1)), 0);
  EXPECT_DOUBLE_EQ(brier_score(std::vector{1}, rows.rows_between(0, 1)), 2);
  EXPECT_DOUBLE_EQ(brier_score(std::vector{0, 2}, rows), (0.0625 + 0.0625 + 0.25) / 2);
  for (int classes = 1; classes < 10; ++classes) {
    const std::vector<double> even(static_cast<std::size_t>(classes), 1.0 / classes);
    EXPECT_NEAR(brier_score(std::vector{0}, {even.data(), 1, classes}), 1 - 1.0 / classes, 1e-12);
  }
}

TEST(BrierScoreTest, RefusesWhatDoesNotFit) {
  const std::vector<double> even = {0.5, 0.5};
  EXPECT_ERROR(brier_score(std::vector{2}, {even.data(), 1, 2}), "class 2");
  EXPECT_ERROR(brier_score(std::vector{-1}, {even.data(), 1, 2}), "class -1");
  EXPECT_ERROR(brier_score(std::vector{0, 1}, {even.data(), 1, 2}), "2 rows");
  EXPECT_ERROR(brier_score({}, {even.data(), 0, 2}), "no rows");
}

}  // namespace
}  // namespace fastformer::metrics
