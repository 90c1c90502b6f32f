// The logistic function and its logarithm, without overflow.
#pragma once

#include <algorithm>
#include <cmath>

namespace fastformer::metrics {

struct Logistic {
  double probability = 0;  // 1 / (1 + exp(-logit))
  double softplus = 0;     // log(1 + exp(logit)): the cross entropy of the answer no
};

inline Logistic logistic(double logit) {
  const double small = std::exp(-std::abs(logit));
  return {logit >= 0 ? 1 / (1 + small) : small / (1 + small),
          std::max(logit, 0.0) + std::log1p(small)};
}

}  // namespace fastformer::metrics
