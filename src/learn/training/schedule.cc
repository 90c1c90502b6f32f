// Warm-up and decay.
#include "learn/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fastformer::learn {

double learning_rate_at(const TrainingOptions& options, std::int64_t step, std::int64_t steps) {
  const auto warmup_steps =
      static_cast<std::int64_t>(std::ceil(options.warmup * static_cast<double>(steps)));
  if (step < warmup_steps) {
    return options.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(warmup_steps);
  }
  const double rest = static_cast<double>(std::max<std::int64_t>(1, steps - warmup_steps));
  const double done = std::min(1.0, static_cast<double>(step - warmup_steps) / rest);
  switch (options.decay) {
    case Decay::kLinear:
      return options.learning_rate * (1 - done);
    case Decay::kCosine:
      return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * done));
    case Decay::kInverseRoot:
      return options.learning_rate *
             std::sqrt(static_cast<double>(std::max<std::int64_t>(1, warmup_steps)) /
                       static_cast<double>(step + 1));
    case Decay::kNone:
      break;
  }
  return options.learning_rate;
}

}  // namespace fastformer::learn
