// Elementary functions on vectors of any instruction set. V is a target's vector class, of internal
// linkage, so that each target keeps code of its own; nothing here may come from the library.
#pragma once

#include <cstdint>

namespace fastformer::kernels::loops {

// exp(x) within 2 units in the last place for -87.3 <= x <= 88.3, clamped there; NaN for NaN.
// Reduces x to n ln 2 + r with |r| <= ln(2) / 2, then the Taylor polynomial of degree 7.
template <typename V>
inline typename V::F exponential(typename V::F x) {
  using F = typename V::F;
  constexpr float kTaylor[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  const F bounded = V::min(V::set(88.3f), V::max(V::set(-87.3f), x));
  const F round = V::set(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const F n = V::sub(V::fma(bounded, V::set(1.44269504f), round), round);
  F r = V::fma(n, V::set(-0.693359375f), bounded);
  r = V::fma(n, V::set(2.12194440e-4f), r);
  F p = V::set(1.0f / 5040);
  for (const float coefficient : kTaylor) p = V::fma(p, r, V::set(coefficient));
  return V::mul(p, V::power_of_two(n));
}

// exp(x) within 1e-5 of itself for |x| <= 30, clamped there. 2^(n + f) with |f| <= 1 / 2 and the
// interpolation of 2^f of degree 4.
template <typename V>
inline typename V::F short_exponential(typename V::F x) {
  using F = typename V::F;
  constexpr float kPowers[] = {9.570159715e-03f, 5.591786716e-02f, 2.402474342e-01f,
                               6.931218135e-01f, 1.0f};
  const F bounded = V::min(V::set(30.0f), V::max(V::set(-30.0f), x));
  const F scaled = V::mul(bounded, V::set(1.44269504f));
  const F round = V::set(12582912.0f);  // 1.5 * 2^23
  const F n = V::sub(V::add(scaled, round), round);
  const F f = V::sub(scaled, n);
  F p = V::set(kPowers[0]);
  for (int i = 1; i < 5; ++i) p = V::fma(p, f, V::set(kPowers[i]));
  return V::mul(p, V::power_of_two(n));
}

// The normal distribution's Phi(x) within 1e-7: 0.5 + x P(x^2 / 16 - 1) for |x| <= sqrt(32), where
// Phi is 1 within 1e-8. P is the Chebyshev interpolation of degree 15, written in powers.
template <typename V>
inline typename V::F normal_distribution(typename V::F x) {
  using F = typename V::F;
  constexpr float kPowers[] = {
      -4.635572438e-04f, 1.059326041e-03f, -4.623269110e-04f, 6.087640244e-04f,
      -3.443904388e-03f, 6.066748996e-03f, -7.751740581e-03f, 1.120733618e-02f,
      -1.623067818e-02f, 2.129823291e-02f, -2.641393696e-02f, 3.187788013e-02f,
      -3.808169642e-02f, 4.655494182e-02f, -6.242912360e-02f, 1.249920763e-01f};
  const F edge = V::set(5.65685425f);
  const F bounded = V::min(edge, V::max(V::sub(V::set(0.0f), edge), x));
  const F t = V::fma(V::mul(bounded, bounded), V::set(0.0625f), V::set(-1.0f));
  F p = V::set(kPowers[0]);
  for (int i = 1; i < 16; ++i) p = V::fma(p, t, V::set(kPowers[i]));
  return V::fma(bounded, p, V::set(0.5f));
}

// tanh(x) = 1 - 2 / (exp(2 x) + 1), within 2e-7.
template <typename V>
inline typename V::F tanh(typename V::F x) {
  const typename V::F one = V::set(1.0f);
  const typename V::F power = exponential<V>(V::add(x, x));
  return V::sub(one, V::div(V::set(2.0f), V::add(power, one)));
}

// The normal distribution's Phi(x) within 6e-5, likewise: |x| <= 4, degree 7, 0 and 1 at the ends.
template <typename V>
inline typename V::F short_normal_distribution(typename V::F x) {
  using F = typename V::F;
  constexpr float kPowers[] = {-2.685255935e-03f, 8.620260554e-03f,  -1.355689293e-02f,
                               2.116981252e-02f,  -3.627002971e-02f, 5.616945943e-02f,
                               -8.439081473e-02f, 1.759434608e-01f};
  const F edge = V::set(4.0f);
  const F bounded = V::min(edge, V::max(V::sub(V::set(0.0f), edge), x));
  const F t = V::fma(V::mul(bounded, bounded), V::set(0.125f), V::set(-1.0f));
  F p = V::set(kPowers[0]);
  for (int i = 1; i < 8; ++i) p = V::fma(p, t, V::set(kPowers[i]));
  return V::fma(bounded, p, V::set(0.5f));
}

// tanh(x) within 1e-4, where reciprocals are that near.
template <typename V>
inline typename V::F short_tanh(typename V::F x) {
  const typename V::F one = V::set(1.0f);
  const typename V::F power = short_exponential<V>(V::add(x, x));
  return V::fma(V::set(-2.0f), V::reciprocal(V::add(power, one)), one);
}

// Calls body(position, count) for vectors that cover [0, width); count is V::kLanes but for the
// last.
template <typename V, typename Body>
inline void for_vectors(std::int64_t width, const Body& body) {
  std::int64_t j = 0;
  for (; j + V::kLanes <= width; j += V::kLanes) body(j, V::kLanes);
  if (j < width) body(j, static_cast<int>(width - j));
}

}  // namespace fastformer::kernels::loops
