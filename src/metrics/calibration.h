// Whether predicted probabilities are true to their word: of the rows given 0.8, are 80% right?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix_view.h"

namespace fastformer::metrics {

inline constexpr int kCalibrationBins = 15;

// Rows whose confidence lies in (low, high]; the first bin holds 0 too.
struct CalibrationBin {
  double low = 0;
  double high = 0;
  std::int64_t rows = 0;
  double confidence = 0;  // mean; 0 without rows
  double accuracy = 0;    // share of the rows whose prediction is right; 0 without rows
};

struct Calibration {
  std::int64_t rows = 0;  // or labels of rows
  // The expected calibration error (Guo et al., 2017, eq. 3): the mean over all rows of how far
  // the accuracy and the mean confidence of a row's bin lie apart.
  double expected_error = 0;
  std::vector<CalibrationBin> bins;  // of equal width, together from 0 to 1
};

// Compares `confidence`, the probability in [0, 1] that the model gave to its prediction, with how
// often it was right; an entry per row in all three. Throws an Error on no rows, lists of different
// sizes and confidences outside [0, 1].
Calibration calibration(std::span<const int> truth, std::span<const int> predicted,
                        std::span<const double> confidence, int bins = kCalibrationBins);

// The same of labels that come each by itself: each probability of each row against how often such
// a label is true. `targets`, true where above 0, are [rows, labels] as the probabilities are.
Calibration label_calibration(MatrixView<const double> probabilities,
                              MatrixView<const float> targets, int bins = kCalibrationBins);

// The Brier score (1950): the mean over rows of the squared distance between the probabilities
// [rows, classes] and 1 for the true class, 0 for the others. 0 is perfect, 2 the worst; the same
// probability for all of C classes gives 1 - 1/C.
double brier_score(std::span<const int> truth, MatrixView<const double> probabilities);

}  // namespace fastformer::metrics
