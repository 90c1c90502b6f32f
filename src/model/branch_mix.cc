// Mixing of two branches and the fit of their factors.
#include "model/branch_mix.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fastformer::model {
namespace {

// Value, gradient and second derivatives in the two factors (a: wide, b: encoder).
struct Loss {
  double value = 0, a = 0, b = 0, aa = 0, ab = 0, bb = 0;
};

// Mean square of values around their row's mean.
double centred_square(std::span<const float> values, std::size_t labels) {
  double sum = 0;
  for (std::size_t row = 0; row < values.size(); row += labels) {
    double mean = 0;
    for (std::size_t k = 0; k < labels; ++k) mean += values[row + k];
    mean /= static_cast<double>(labels);
    for (std::size_t k = 0; k < labels; ++k) {
      sum += (values[row + k] - mean) * (values[row + k] - mean);
    }
  }
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

class Fit {
 public:
  Fit(std::span<const float> scores, std::span<const float> logits,
      std::span<const std::int64_t> labels)
      : scores_(scores), logits_(logits), labels_(labels) {
    count_ = labels.empty() ? 0 : scores.size() / labels.size();
    penalty_a_ = centred_square(scores, count_) + 1e-12;
    penalty_b_ = centred_square(logits, count_) + 1e-12;
  }

  BranchFactors solve() const {
    // From where each branch alone has a spread of 1.
    BranchFactors at = {0.5 / std::sqrt(penalty_a_), 0.5 / std::sqrt(penalty_b_)};
    Loss loss = loss_at(at);
    for (int iteration = 0; iteration < 100; ++iteration) {
      const BranchFactors next = improved(at, loss);
      const Loss after = loss_at(next);
      const bool done = loss.value - after.value < 1e-10 * (1 + loss.value);
      if (after.value < loss.value) {
        at = next;
        loss = after;
      }
      if (done) break;
    }
    return at;
  }

 private:
  // One Newton step, cut at 0 and halved until the loss falls. A factor that rests at 0 and would
  // go below is held there.
  BranchFactors improved(const BranchFactors& at, const Loss& loss) const {
    const bool hold_a = at.wide == 0 && loss.a > 0, hold_b = at.encoder == 0 && loss.b > 0;
    double step_a = 0, step_b = 0;
    if (!hold_a && !hold_b) {
      const double determinant = loss.aa * loss.bb - loss.ab * loss.ab;
      step_a = (loss.bb * loss.a - loss.ab * loss.b) / determinant;
      step_b = (loss.aa * loss.b - loss.ab * loss.a) / determinant;
    } else if (!hold_a) {
      step_a = loss.a / loss.aa;
    } else if (!hold_b) {
      step_b = loss.b / loss.bb;
    }
    BranchFactors next = at;
    for (double scale = 1; scale > 1e-6; scale /= 2) {
      next = {std::max(at.wide - scale * step_a, 0.0), std::max(at.encoder - scale * step_b, 0.0)};
      if (loss_at(next).value < loss.value) break;
    }
    return next;
  }

  Loss loss_at(const BranchFactors& at) const {
    Loss total;
    std::vector<double> mixed(count_);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (labels_[i] >= 0) add_document(i, at, mixed, total);
    }
    total.value += 0.5 * (penalty_a_ * at.wide * at.wide + penalty_b_ * at.encoder * at.encoder);
    total.a += penalty_a_ * at.wide;
    total.b += penalty_b_ * at.encoder;
    total.aa += penalty_a_;
    total.bb += penalty_b_;
    return total;
  }

  // Adds the document's cross entropy: its gradient is the expected value less the true label's,
  // its second derivatives are the variances and the covariance.
  void add_document(std::size_t i, const BranchFactors& at, std::vector<double>& mixed,
                    Loss& total) const {
    const std::span<const float> w = scores_.subspan(i * count_, count_);
    const std::span<const float> e = logits_.subspan(i * count_, count_);
    const auto truth = static_cast<std::size_t>(labels_[i]);
    for (std::size_t k = 0; k < count_; ++k) mixed[k] = at.wide * w[k] + at.encoder * e[k];
    const double largest = *std::max_element(mixed.begin(), mixed.end());
    double sum = 0, mean_w = 0, mean_e = 0, ww = 0, we = 0, ee = 0;
    for (std::size_t k = 0; k < count_; ++k) {
      const double p = std::exp(mixed[k] - largest);
      sum += p;
      mean_w += p * w[k];
      mean_e += p * e[k];
      ww += p * w[k] * w[k];
      we += p * w[k] * e[k];
      ee += p * e[k] * e[k];
    }
    mean_w /= sum;
    mean_e /= sum;
    total.value += std::log(sum) + largest - mixed[truth];
    total.a += mean_w - w[truth];
    total.b += mean_e - e[truth];
    total.aa += ww / sum - mean_w * mean_w;
    total.ab += we / sum - mean_w * mean_e;
    total.bb += ee / sum - mean_e * mean_e;
  }

  std::span<const float> scores_, logits_;
  std::span<const std::int64_t> labels_;
  std::size_t count_ = 0;
  double penalty_a_ = 1, penalty_b_ = 1;
};

}  // namespace

void spread_columns(std::span<const float> columns, std::span<float> scores) {
  if (columns.size() == scores.size()) {
    std::copy(columns.begin(), columns.end(), scores.begin());
  } else {
    scores[0] = columns[0];
    scores[1] = -columns[0];
  }
}

void mix_branches(const WideConfig& wide, std::span<const float> columns, std::span<float> logits) {
  const auto a = static_cast<float>(wide.wide_factor), b = static_cast<float>(wide.encoder_factor);
  const bool one_column = columns.size() != logits.size();
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float score = one_column ? (k == 0 ? columns[0] : -columns[0]) : columns[k];
    logits[k] = a * score + b * logits[k];
  }
}

BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const std::int64_t> labels) {
  return Fit(scores, logits, labels).solve();
}

double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors) {
  const double wide = factors.wide * std::sqrt(centred_square(scores, labels));
  const double encoder = factors.encoder * std::sqrt(centred_square(logits, labels));
  return wide + encoder > 0 ? encoder / (wide + encoder) : 0;
}

}  // namespace fastformer::model
