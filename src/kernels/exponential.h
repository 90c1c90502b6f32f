// The exponential function of our own: the same bits on every processor, and loops over it
// vectorize.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace fastformer::kernels {

// exp(x) for float within 2 units in the last place; 0 below -87.3, clamped at 88.3; NaN for NaN.
// Reduces x to n ln 2 + r with |r| <= ln(2) / 2, then the Taylor polynomial of degree 7 (its rest
// is under 5e-9).
inline float exponential(float x) {
  constexpr float kLog2E = 1.44269504f;
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  // In this order a NaN becomes a bound, which has an integer.
  const float bounded = std::min(88.3f, std::max(-87.3f, x));
  const float n = (bounded * kLog2E + kRound) - kRound;
  const float r = (bounded - n * kLn2High) - n * kLn2Low;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto exponent = static_cast<std::int32_t>(n) + 127;
  const float scale = std::bit_cast<float>(exponent << 23);
  const float value = x < -87.3f ? 0.0f : p * scale;
  return x == x ? value : x;
}

inline double exponential(double x) { return std::exp(x); }

}  // namespace fastformer::kernels
