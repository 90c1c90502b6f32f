// The temperature that ends a training, and what it did to the scores.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "config/options.h"

namespace fastformer::apps {

// How true the scores of some rows are.
struct ScoreQuality {
  double cross_entropy = 0;      // mean, in nats, over the rows whose label the model has
  double calibration_error = 0;  // over all rows; one whose label the model lacks is wrong
};

struct TemperatureFit {
  double temperature = 1;
  std::int64_t rows = 0;
  ScoreQuality before, after;

  std::string summary() const;   // a line for people
  config::Json metrics() const;  // for metrics.json
};

// Fits on `logits` [rows, labels], row-major, and each row's label; -1 stands for a label that the
// model lacks. There must be rows.
TemperatureFit calibrate(std::span<const float> logits, std::span<const std::int64_t> labels);

}  // namespace fastformer::apps
