// Search for the encoder's share and the scale of the sum.
#include "model/softmax_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace fastformer::model {
namespace {

constexpr int kShares = 20;          // steps from no encoder to nothing else
constexpr double kUsualShare = 0.3;  // that the share is pulled to
constexpr double kPull = 0.5;        // over the root of the number of documents
constexpr double kSharpening = 2;    // of the scale that cross entropy asks for

// The sum of two branches at one share of the encoder, and what scaling it does.
class Mixture {
 public:
  Mixture(std::span<const float> targets, std::size_t label_count)
      : targets_(targets), count_(label_count), sums_(targets.size()), weights_(label_count) {}

  void set(std::span<const float> scores, double wide_factor, std::span<const float> logits,
           double encoder_factor) {
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      sums_[i] = wide_factor * scores[i] + encoder_factor * logits[i];
    }
  }

  // The scale of least cross entropy: where its derivative, which rises with the scale, is 0.
  // `from`: about where that is, above 0.
  double best_scale(double from) {
    double low = 0, high = 0, scale = from;
    for (int iteration = 0; iteration < 60; ++iteration) {
      const Slope slope = slope_at(scale);
      (slope.first > 0 ? high : low) = scale;
      double next = scale - slope.first / slope.second;
      if (high == 0 && next > 4 * scale) next = 4 * scale;
      if (next <= low || (high > 0 && next >= high)) next = (low + high) / 2;
      const bool done = std::abs(next - scale) < 1e-6 * scale;
      scale = next;
      if (done || scale < 1e-9) break;
    }
    return scale;
  }

  // Mean share of its true label that softmax of the scaled sum gives a document.
  double expected_accuracy(double scale) {
    double sum = 0;
    std::int64_t documents = 0;
    for (std::size_t begin = 0; begin < sums_.size(); begin += count_) {
      const double total = weigh(begin, scale);
      for (std::size_t k = 0; k < count_; ++k) sum += targets_[begin + k] * weights_[k] / total;
      ++documents;
    }
    return sum / static_cast<double>(documents);
  }

 private:
  struct Slope {
    double first = 0, second = 0;  // derivatives of the penalised cross entropy
  };

  // Sets weights_ to what the document's labels get, up to the factor that it returns.
  double weigh(std::size_t begin, double scale) {
    const double* sums = sums_.data() + begin;
    const double largest = *std::max_element(sums, sums + count_);
    double total = 0;
    for (std::size_t k = 0; k < count_; ++k) {
      weights_[k] = std::exp(scale * (sums[k] - largest));
      total += weights_[k];
    }
    return total;
  }

  // The gradient is the expected value less the true label's, its derivative the variance; the
  // penalty is scale^2 / 2. Documents without a target add nothing.
  Slope slope_at(double scale) {
    Slope slope = {scale, 1};
    for (std::size_t begin = 0; begin < sums_.size(); begin += count_) {
      double targets = 0, wanted = 0;
      for (std::size_t k = 0; k < count_; ++k) {
        targets += targets_[begin + k];
        wanted += targets_[begin + k] * sums_[begin + k];
      }
      if (targets == 0) continue;
      const double total = weigh(begin, scale);
      double mean = 0, square = 0;
      for (std::size_t k = 0; k < count_; ++k) {
        const double p = weights_[k] / total;
        mean += p * sums_[begin + k];
        square += p * sums_[begin + k] * sums_[begin + k];
      }
      slope.first += targets * mean - wanted;
      slope.second += targets * (square - mean * mean);
    }
    return slope;
  }

  std::span<const float> targets_;
  std::size_t count_;
  std::vector<double> sums_;     // [documents, labels]
  std::vector<double> weights_;  // of one document
};

}  // namespace

BranchFactors fit_under_softmax(std::span<const float> scores, double wide_spread,
                                std::span<const float> logits, double encoder_spread,
                                std::span<const float> targets, std::size_t label_count) {
  const auto documents = static_cast<double>(targets.size() / label_count);
  const double pull = kPull / std::sqrt(documents);
  Mixture mixture(targets, label_count);
  BranchFactors best;
  double best_value = -1e300, scale = 1;
  for (int step = 0; step <= kShares; ++step) {
    const double share = static_cast<double>(step) / kShares;
    const double wide = (1 - share) / wide_spread, encoder = share / encoder_spread;
    mixture.set(scores, wide, logits, encoder);
    scale = std::max(mixture.best_scale(scale), 1e-9);
    const double distance = share - kUsualShare;
    const double value =
        mixture.expected_accuracy(kSharpening * scale) - pull * distance * distance;
    if (value <= best_value) continue;
    best_value = value;
    best = {scale * wide, scale * encoder, 0};
  }
  return best;
}

}  // namespace fastformer::model
