// What AVX-512 with BF16 adds to AVX-512, of internal linkage in each target that has it.
#pragma once

#include "kernels/simd/target.h"
#include "kernels/simd/vector512vnni.h"

namespace fastformer::kernels {
namespace {

// Rounds to bfloat16 by one instruction.
struct Vector512Bf16 : Vector512 {
  static constexpr bool kRoundsPairs = true;
  static void store_pairs(Pair* y, F first, F second) {
    _mm512_storeu_si512(y, (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
};

// Products of pairs by one instruction.
struct NativePairProducts {
  using X = Pair;
  using Product = PairProduct;
  using Vector = Vector512;
  using Sum = __m512;
  using Left = __m512bh;
  using Right = __m512bh;
  static constexpr int kRows = 12, kVectors = 2;
  static X one() { return 0x3f803f80u; }
  static Left left(X x) { return (__m512bh)_mm512_set1_epi32(static_cast<int>(x)); }
  static Right right(const X* x) { return (__m512bh)_mm512_loadu_si512(x); }
  static __m512 multiply(Left a, Right b, __m512 sum) { return _mm512_dpbf16_ps(sum, a, b); }
  static Sum start(int i) { return _mm512_set1_ps(static_cast<float>(i)); }
  static __m512 number(Sum sum) { return sum; }
};

// The pairs (a_j, b_j) of 16 lanes.
inline __m512i pairs_of(__m512 a, __m512 b) {
  constexpr std::uint32_t kFirst = 0x00100000u, kNext = 0x00010001u;  // places 0 and 16, and one on
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i places = _mm512_add_epi32(_mm512_mullo_epi32(lane, _mm512_set1_epi32(kNext)),
                                          _mm512_set1_epi32(kFirst));
  return _mm512_permutexvar_epi16(places, (__m512i)_mm512_cvtne2ps_pbh(b, a));
}

inline void pair_panels(const PairPanels& p) {
  const std::int64_t pairs = loops::padded_pairs(p.inputs);
  for (std::int64_t panel = 0; panel * kPanel < p.outputs; ++panel) {
    const float* weights = p.panels + panel * p.inputs * kPanel;
    Pair* y = p.pairs + panel * pairs * kPanel;
    for (std::int64_t k = 0; k < pairs; ++k) {
      const float* w = weights + 2 * k * kPanel;
      const bool has_first = 2 * k < p.inputs, has_second = 2 * k + 1 < p.inputs;
      for (std::int64_t j = 0; j < kPanel; j += 16) {
        const __m512 a = has_first ? _mm512_loadu_ps(w + j) : _mm512_setzero_ps();
        const __m512 b = has_second ? _mm512_loadu_ps(w + kPanel + j) : _mm512_setzero_ps();
        _mm512_storeu_si512(y + k * kPanel + j, pairs_of(a, b));
      }
    }
  }
}

constexpr Stages stages_with_pairs() {
  Stages stages = loops::stages_on<Vector512Bf16, NativeQuadProducts>();
  stages.pair_product = loops::product<NativePairProducts>;
  stages.pair_peak = loops::peak<NativePairProducts>;
  stages.pair_peak_operations = 4 * loops::kPeakSums<NativePairProducts> * Vector512::kLanes;
  stages.pair_panels = pair_panels;
  return stages;
}

}  // namespace
}  // namespace fastformer::kernels
