// Gradients against finite differences, in float64.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "base/random.h"
#include "learn/precompiled.h"

namespace fastformer::learn {

// The gradient of `tensor`, dense. One that moves nothing may have none: the bias of an attention's
// score, which the softmax over tokens does not see.
inline at::Tensor gradient_of(const at::Tensor& tensor, const std::string& name) {
  const at::Tensor& gradient = tensor.grad();
  if (!gradient.defined()) {
    EXPECT_TRUE(name.ends_with("query_score.bias") || name.ends_with("key_score.bias")) << name;
    return at::zeros_like(tensor);
  }
  return gradient.is_sparse() ? gradient.to_dense() : gradient;
}

// Expects the gradient of `loss` with respect to `tensor` (float64, a leaf) to agree with central
// differences at up to 12 random elements.
inline void check_gradient(const at::Tensor& tensor, const std::function<at::Tensor()>& loss,
                           const std::string& name) {
  tensor.mutable_grad().reset();
  loss().backward();
  const at::Tensor gradient = gradient_of(tensor, name).contiguous();
  at::Tensor values = tensor.detach();
  double* data = values.mutable_data_ptr<double>();
  Random random(hash_of(name));
  constexpr double kStep = 1e-5;
  for (int sample = 0; sample < 12; ++sample) {
    const auto at =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(values.numel())));
    const at::NoGradGuard no_gradients;
    const double kept = data[at];
    data[at] = kept + kStep;
    const double above = loss().item<double>();
    data[at] = kept - kStep;
    const double below = loss().item<double>();
    data[at] = kept;
    const double expected = (above - below) / (2 * kStep);
    EXPECT_NEAR(gradient.const_data_ptr<double>()[at], expected, 1e-7 + 1e-6 * std::abs(expected))
        << name << " element " << at;
  }
}

}  // namespace fastformer::learn
