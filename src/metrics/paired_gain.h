// How much lower one model's loss is than another's on the same rows, and how sure that is.
#pragma once

#include <span>

namespace fastformer::metrics {

// How much lower `after` is than `before`, row by row.
struct PairedGain {
  double mean = 0;
  double error = 0;  // standard error of the mean; 0 for fewer than two rows

  bool exceeds_error() const { return mean > error; }
};

// Of losses of the same rows in the same order. Throws an Error when they are not as many.
PairedGain paired_gain(std::span<const double> before, std::span<const double> after);

}  // namespace fastformer::metrics
