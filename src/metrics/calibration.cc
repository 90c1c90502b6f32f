// Sorts rows into bins of confidence.
#include "metrics/calibration.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace fastformer::metrics {
namespace {

void check_sizes(std::size_t truth, std::size_t others, const char* what) {
  if (truth != others) {
    throw Error(std::to_string(others) + " " + what + " for " + std::to_string(truth) + " rows");
  }
  if (truth == 0) throw Error("there are no rows to score");
}

// The bin whose interval (low, high] holds `confidence`, by the bins' own bounds.
std::size_t bin_of(double confidence, const std::vector<CalibrationBin>& bins) {
  const auto at =
      std::lower_bound(bins.begin(), bins.end(), confidence,
                       [](const CalibrationBin& bin, double value) { return bin.high < value; });
  return static_cast<std::size_t>(at - bins.begin());
}

// Bins that are filled one confidence after the other.
class Counter {
 public:
  explicit Counter(int bins) {
    if (bins < 1) throw Error("at least one bin is needed");
    result_.bins.resize(static_cast<std::size_t>(bins));
    for (int i = 0; i < bins; ++i) {
      CalibrationBin& bin = result_.bins[static_cast<std::size_t>(i)];
      bin.low = static_cast<double>(i) / bins;
      bin.high = static_cast<double>(i + 1) / bins;
    }
  }

  void add(double confidence, bool is_right, std::size_t row) {
    if (!(confidence >= 0 && confidence <= 1)) {
      throw Error("a confidence is not from 0 to 1", "row " + std::to_string(row + 1));
    }
    CalibrationBin& bin = result_.bins[bin_of(confidence, result_.bins)];
    ++bin.rows;
    ++result_.rows;
    bin.confidence += confidence;
    bin.accuracy += is_right ? 1 : 0;
  }

  Calibration finish() {
    for (CalibrationBin& bin : result_.bins) {
      // The sums, so far: their difference is the bin's gap times its rows.
      result_.expected_error += std::abs(bin.accuracy - bin.confidence);
      const double rows = static_cast<double>(std::max<std::int64_t>(1, bin.rows));
      bin.confidence /= rows;
      bin.accuracy /= rows;
    }
    result_.expected_error /= static_cast<double>(result_.rows);
    return std::move(result_);
  }

 private:
  Calibration result_;
};

}  // namespace

Calibration calibration(std::span<const int> truth, std::span<const int> predicted,
                        std::span<const double> confidence, int bins) {
  check_sizes(truth.size(), predicted.size(), "predictions");
  check_sizes(truth.size(), confidence.size(), "confidences");
  Counter counter(bins);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    counter.add(confidence[i], truth[i] == predicted[i], i);
  }
  return counter.finish();
}

Calibration label_calibration(MatrixView<const double> probabilities,
                              MatrixView<const float> targets, int bins) {
  check_sizes(static_cast<std::size_t>(targets.rows * targets.columns),
              static_cast<std::size_t>(probabilities.rows * probabilities.columns),
              "probabilities");
  Counter counter(bins);
  for (std::int64_t i = 0; i < targets.rows; ++i) {
    for (std::int64_t c = 0; c < targets.columns; ++c) {
      counter.add(probabilities(i, c), targets(i, c) > 0, static_cast<std::size_t>(i));
    }
  }
  return counter.finish();
}

double brier_score(std::span<const int> truth, MatrixView<const double> probabilities) {
  check_sizes(truth.size(), static_cast<std::size_t>(probabilities.rows), "rows of probabilities");
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0 || truth[i] >= probabilities.columns) {
      throw Error("class " + std::to_string(truth[i]) + " is not one of the " +
                      std::to_string(probabilities.columns) + " classes",
                  "row " + std::to_string(i + 1));
    }
    const double* row = probabilities.row(static_cast<std::int64_t>(i));
    for (std::int64_t c = 0; c < probabilities.columns; ++c) {
      const double distance = row[c] - (c == truth[i] ? 1 : 0);
      sum += distance * distance;
    }
  }
  return sum / static_cast<double>(truth.size());
}

}  // namespace fastformer::metrics
