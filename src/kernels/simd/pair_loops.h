// bfloat16 numbers two by two, on vectors of any instruction set.
#pragma once

#include "kernels/simd/stages.h"

namespace fastformer::kernels::loops {

// Products of pairs by two fused multiplications, on a processor without an instruction for them.
template <typename V>
struct PairProducts {
  using X = Pair;
  using Product = PairProduct;
  using Vector = V;
  using Sum = typename V::F;
  struct Halves {
    typename V::F first, second;
  };
  using Left = Halves;
  using Right = Halves;
  static constexpr int kRows = V::kPairRows, kVectors = V::kVectors;
  static X one() { return 0x3f803f80u; }
  static Left left(X x) { return halves(V::set_bits(x)); }
  static Right right(const X* x) { return halves(V::load_bits(x)); }
  static typename V::F multiply(const Left& a, const Right& b, typename V::F sum) {
    return V::fma(a.first, b.first, V::fma(a.second, b.second, sum));
  }
  static Sum start(int i) { return V::set(static_cast<float>(i)); }
  static typename V::F number(Sum sum) { return sum; }

 private:
  static Halves halves(typename V::F pair) { return {V::lower_half(pair), V::upper_half(pair)}; }
};

// The padding included.
inline __attribute__((always_inline)) std::int64_t padded_pairs(std::int64_t inputs) {
  return (inputs + kPanel - 1) / kPanel * (kPanel / 2);
}

// To half of a pair.
inline __attribute__((always_inline)) Pair bfloat16(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof(bits));
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x00800000u) return bits >> 16 & 0x8000u;              // denormal
  if (magnitude > 0x7f800000u) return (bits >> 16 | 0x0040u) & 0xffffu;  // not a number
  return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
}

// V::pairs rounds two vectors where it is said to.
template <typename V>
inline void pair_row(const float* x, std::int64_t width, Pair* y) {
  for (std::int64_t k = 0; k < padded_pairs(width); k += V::kLanes) {
    if constexpr (V::kRoundsPairs) {
      V::store_pairs(y + k, V::load(x + 2 * k), V::load(x + 2 * k + V::kLanes));
    } else {
      for (std::int64_t i = k; i < k + V::kLanes; ++i) {
        y[i] = bfloat16(x[2 * i]) | bfloat16(x[2 * i + 1]) << 16;
      }
    }
  }
}

template <typename V>
void pair_rows(const PairRows& r) {
  for (std::int64_t i = 0; i < r.rows; ++i) {
    pair_row<V>(r.x + i * r.x_stride, r.width, r.y + i * r.y_stride);
  }
}

template <typename V>
void pair_numbers(const PairNumbers& n) {
  const std::int64_t width = 2 * padded_pairs(n.width);
  for (std::int64_t i = 0; i < n.rows; ++i) {
    const auto* x = reinterpret_cast<const std::uint16_t*>(n.x + i * n.x_stride);
    float* y = n.y + i * n.y_stride;
    for (std::int64_t j = 0; j < width; j += V::kLanes) V::store(y + j, V::load_bfloat16(x + j));
  }
}

template <typename V>
void pair_panels(const PairPanels& p) {
  const std::int64_t pairs = padded_pairs(p.inputs);
  for (std::int64_t panel = 0; panel * kPanel < p.outputs; ++panel) {
    const float* weights = p.panels + panel * p.inputs * kPanel;
    Pair* y = p.pairs + panel * pairs * kPanel;
    for (std::int64_t k = 0; k < pairs; ++k) {
      for (std::int64_t j = 0; j < kPanel; ++j) {
        const float* w = weights + 2 * k * kPanel + j;
        const Pair first = 2 * k < p.inputs ? bfloat16(w[0]) : 0;
        const Pair second = 2 * k + 1 < p.inputs ? bfloat16(w[kPanel]) : 0;
        y[k * kPanel + j] = first | second << 16;
      }
    }
  }
}

}  // namespace fastformer::kernels::loops
