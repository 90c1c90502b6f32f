// A softmax-weighted sum that is built up token by token, without storing a score.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/additive_pooling.h"
#include "kernels/reference/matrix.h"

namespace fastformer::kernels::reference {

// Per head: the largest score so far, and sums of exponentials relative to it, rescaled when it
// grows (the online softmax of Milakov and Gimelshein, arXiv 1805.02867).
template <typename T>
class RunningSummary {
 public:
  RunningSummary(std::int64_t heads, std::int64_t width)
      : largest_(static_cast<std::size_t>(heads), -std::numeric_limits<T>::infinity()),
        weight_(static_cast<std::size_t>(heads)),
        sum_(heads, width) {}

  // One more token: its `heads` scores and its vector of `width` elements.
  void add(const T* scores, const T* vector) {
    for (std::int64_t h = 0; h < sum_.rows(); ++h) {
      T& largest = largest_[static_cast<std::size_t>(h)];
      T& weight = weight_[static_cast<std::size_t>(h)];
      if (scores[h] > largest) {
        const T shrink = std::exp(largest - scores[h]);
        weight *= shrink;
        for (std::int64_t j = 0; j < sum_.columns(); ++j) sum_(h, j) *= shrink;
        largest = scores[h];
      }
      const T share = std::exp(scores[h] - largest);
      weight += share;
      for (std::int64_t j = 0; j < sum_.columns(); ++j) sum_(h, j) += share * vector[j];
    }
  }

  // The whole vectors' weighted mean as each head sees it, [heads, width]; 0 without tokens.
  // `epsilon` is added to the sum of unshifted exponentials (0 for softmax).
  Matrix<T> means(double epsilon = 0) const {
    Matrix<T> means = sum_;
    for (std::int64_t h = 0; h < means.rows(); ++h) {
      const auto head = static_cast<std::size_t>(h);
      if (weight_[head] == 0) continue;
      const T added = shifted_epsilon(epsilon, largest_[head]);
      for (std::int64_t j = 0; j < means.columns(); ++j) means(h, j) /= weight_[head] + added;
    }
    return means;
  }

 private:
  std::vector<T> largest_;
  std::vector<T> weight_;
  Matrix<T> sum_;
};

}  // namespace fastformer::kernels::reference
