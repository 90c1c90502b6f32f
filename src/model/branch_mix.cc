// Mixing of two branches and the fit of their factors.
#include "model/branch_mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace fastformer::model {
namespace {

constexpr std::size_t kWide = 0, kEncoder = 1, kOffset = 2;  // the three numbers that are fitted
using Numbers = std::array<double, 3>;

// Value, gradient and second derivatives.
struct Loss {
  double value = 0;
  Numbers first = {};
  std::array<Numbers, 3> second = {};
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

double mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// second * step = first, where `held` numbers have a step of 0. `second` is positive definite.
Numbers newton_step(const Loss& loss, const std::array<bool, 3>& held) {
  std::array<Numbers, 3> matrix = loss.second;
  Numbers right = loss.first;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!held[i]) continue;
    for (std::size_t j = 0; j < 3; ++j) matrix[i][j] = matrix[j][i] = i == j ? 1 : 0;
    right[i] = 0;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t row = i + 1; row < 3; ++row) {
      const double factor = matrix[row][i] / matrix[i][i];
      for (std::size_t j = i; j < 3; ++j) matrix[row][j] -= factor * matrix[i][j];
      right[row] -= factor * right[i];
    }
  }
  Numbers step = {};
  for (std::size_t i = 3; i-- > 0;) {
    double sum = right[i];
    for (std::size_t j = i + 1; j < 3; ++j) sum -= matrix[i][j] * step[j];
    step[i] = sum / matrix[i][i];
  }
  return step;
}

// A row's scores, logits and targets.
struct Row {
  std::span<const float> wide, encoder, targets;
};

// Adds the cross entropy of softmax: its gradient is the expected value less the true label's, its
// second derivatives are the variances and the covariance. Rows without a target add nothing.
void add_single(const Row& row, const Numbers& at, std::vector<double>& mixed, Loss& total) {
  double targets = 0, true_wide = 0, true_encoder = 0, true_mixed = 0;
  for (std::size_t k = 0; k < mixed.size(); ++k) {
    const double target = row.targets[k];
    mixed[k] = at[kWide] * row.wide[k] + at[kEncoder] * row.encoder[k];
    targets += target;
    true_wide += target * row.wide[k];
    true_encoder += target * row.encoder[k];
    true_mixed += target * mixed[k];
  }
  if (targets == 0) return;
  const double largest = *std::max_element(mixed.begin(), mixed.end());
  double sum = 0, mean_w = 0, mean_e = 0, ww = 0, we = 0, ee = 0;
  for (std::size_t k = 0; k < mixed.size(); ++k) {
    const double p = std::exp(mixed[k] - largest), w = row.wide[k], e = row.encoder[k];
    sum += p;
    mean_w += p * w;
    mean_e += p * e;
    ww += p * w * w;
    we += p * w * e;
    ee += p * e * e;
  }
  mean_w /= sum;
  mean_e /= sum;
  total.value += targets * (std::log(sum) + largest) - true_mixed;
  total.first[kWide] += targets * mean_w - true_wide;
  total.first[kEncoder] += targets * mean_e - true_encoder;
  total.second[kWide][kWide] += targets * (ww / sum - mean_w * mean_w);
  total.second[kWide][kEncoder] += targets * (we / sum - mean_w * mean_e);
  total.second[kEncoder][kEncoder] += targets * (ee / sum - mean_e * mean_e);
}

// Adds the cross entropies of every label's sigmoid.
void add_multi(const Row& row, const Numbers& at, std::vector<double>& mixed, Loss& total) {
  for (std::size_t k = 0; k < mixed.size(); ++k) {
    const Numbers inputs = {row.wide[k], row.encoder[k], 1};
    double logit = 0;
    for (std::size_t i = 0; i < 3; ++i) logit += at[i] * inputs[i];
    const double small = std::exp(-std::abs(logit));
    const double p = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
    total.value += std::max(logit, 0.0) + std::log1p(small) - row.targets[k] * logit;
    for (std::size_t i = 0; i < 3; ++i) {
      total.first[i] += (p - row.targets[k]) * inputs[i];
      for (std::size_t j = i; j < 3; ++j) total.second[i][j] += p * (1 - p) * inputs[i] * inputs[j];
    }
  }
}

class Fit {
 public:
  Fit(std::span<const float> scores, std::span<const float> logits, std::span<const float> targets,
      std::size_t labels, metrics::TargetKind kind)
      : scores_(scores), logits_(logits), targets_(targets), count_(labels), kind_(kind) {
    const bool is_multi = kind == metrics::TargetKind::kMulti;
    const auto spread = [&](std::span<const float> values) {
      return (is_multi ? mean_square(values) : centred_square(values, labels)) + 1e-12;
    };
    penalty_ = {spread(scores), spread(logits), 1};
  }

  BranchFactors solve() const {
    // From where each branch alone has a spread of 1.
    Numbers at = {0.5 / std::sqrt(penalty_[kWide]), 0.5 / std::sqrt(penalty_[kEncoder]), 0};
    Loss loss = loss_at(at);
    for (int iteration = 0; iteration < 100; ++iteration) {
      auto [next, after] = improved(at, loss);
      const bool done = loss.value - after.value < 1e-10 * (1 + loss.value);
      if (after.value < loss.value) {
        at = next;
        loss = after;
      }
      if (done) break;
    }
    return {at[kWide], at[kEncoder], at[kOffset]};
  }

 private:
  // One Newton step, its factors cut at 0, halved until the loss falls. A factor that rests at 0
  // and would go below is held there.
  std::pair<Numbers, Loss> improved(const Numbers& at, const Loss& loss) const {
    const std::array<bool, 3> held = {at[kWide] == 0 && loss.first[kWide] > 0,
                                      at[kEncoder] == 0 && loss.first[kEncoder] > 0,
                                      kind_ == metrics::TargetKind::kSingle};
    const Numbers step = newton_step(loss, held);
    std::pair<Numbers, Loss> result = {at, loss};
    for (double scale = 1; scale > 1e-6; scale /= 2) {
      result.first = {std::max(at[kWide] - scale * step[kWide], 0.0),
                      std::max(at[kEncoder] - scale * step[kEncoder], 0.0),
                      at[kOffset] - scale * step[kOffset]};
      result.second = loss_at(result.first);
      if (result.second.value < loss.value) break;
    }
    return result;
  }

  Loss loss_at(const Numbers& at) const {
    Loss total;
    std::vector<double> mixed(count_);
    const auto add = kind_ == metrics::TargetKind::kSingle ? add_single : add_multi;
    for (std::size_t begin = 0; begin < targets_.size(); begin += count_) {
      add({scores_.subspan(begin, count_), logits_.subspan(begin, count_),
           targets_.subspan(begin, count_)},
          at, mixed, total);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      total.value += 0.5 * penalty_[i] * at[i] * at[i];
      total.first[i] += penalty_[i] * at[i];
      total.second[i][i] += penalty_[i];
      for (std::size_t j = i + 1; j < 3; ++j) total.second[j][i] = total.second[i][j];
    }
    return total;
  }

  std::span<const float> scores_, logits_, targets_;
  std::size_t count_ = 0;
  metrics::TargetKind kind_;
  Numbers penalty_ = {};
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
  const auto offset = static_cast<float>(wide.offset);
  const bool one_column = columns.size() != logits.size();
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const float score = one_column ? (k == 0 ? columns[0] : -columns[0]) : columns[k];
    logits[k] = a * score + b * logits[k] + offset;
  }
}

BranchFactors fit_branches(std::span<const float> scores, std::span<const float> logits,
                           std::span<const float> targets, std::size_t label_count,
                           metrics::TargetKind kind) {
  return Fit(scores, logits, targets, label_count, kind).solve();
}

double encoder_share(std::span<const float> scores, std::span<const float> logits,
                     std::size_t labels, const BranchFactors& factors) {
  const double wide = factors.wide * std::sqrt(centred_square(scores, labels));
  const double encoder = factors.encoder * std::sqrt(centred_square(logits, labels));
  return wide + encoder > 0 ? encoder / (wide + encoder) : 0;
}

}  // namespace fastformer::model
