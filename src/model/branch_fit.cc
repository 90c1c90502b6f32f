// The fit of two branches' factors.
#include "model/branch_fit.h"

#include <cmath>

#include "model/sigmoid_fit.h"
#include "model/softmax_fit.h"

namespace fastformer::model {
namespace {

// Deviation of values around their row's mean.
double spread_of(std::span<const float> values, std::size_t labels) {
  double sum = 0;
  for (std::size_t row = 0; row < values.size(); row += labels) {
    double mean = 0;
    for (std::size_t k = 0; k < labels; ++k) mean += values[row + k];
    mean /= static_cast<double>(labels);
    for (std::size_t k = 0; k < labels; ++k) {
      sum += (values[row + k] - mean) * (values[row + k] - mean);
    }
  }
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const float> targets, std::size_t label_count,
                           metrics::TargetKind kind) {
  if (kind == metrics::TargetKind::kMulti) return fit_under_sigmoid(scores, logits, targets);
  constexpr double kNoSpread = 1e-6;
  return fit_under_softmax(scores, spread_of(scores, label_count) + kNoSpread, logits,
                           spread_of(logits, label_count) + kNoSpread, targets, label_count);
}

double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors) {
  const double wide = factors.wide * spread_of(scores, labels);
  const double encoder = factors.encoder * spread_of(logits, labels);
  return wide + encoder > 0 ? encoder / (wide + encoder) : 0;
}

}  // namespace fastformer::model
