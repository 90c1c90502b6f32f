// Mean and standard error of paired differences.
#include "metrics/paired_gain.h"

#include <fastformer/error.h>

#include <cmath>

namespace fastformer::metrics {

PairedGain paired_gain(std::span<const double> before, std::span<const double> after) {
  if (before.size() != after.size()) throw Error("the losses are not of the same rows");
  PairedGain gain;
  const auto rows = static_cast<double>(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) gain.mean += (before[i] - after[i]) / rows;
  if (before.size() < 2) return gain;
  double squares = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double difference = before[i] - after[i] - gain.mean;
    squares += difference * difference;
  }
  gain.error = std::sqrt(squares / (rows - 1) / rows);
  return gain;
}

}  // namespace fastformer::metrics
