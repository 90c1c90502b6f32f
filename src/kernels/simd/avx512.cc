// The stages for AVX-512 (F, BW, VL, DQ). Compiled with flags of its own: see
// cmake/SimdTargets.cmake.
#ifdef __x86_64__
#include "kernels/simd/target.h"
#include "kernels/simd/vector512.h"

namespace fastformer::kernels {
namespace {

// Bytes as 16-bit numbers, odd and even ones apart: products of pairs of them are exact.
struct QuadProducts512 : QuadSums512 {
  struct Halves {
    __m512i even, odd;
  };
  using Left = Halves;
  using Right = Halves;
  static constexpr int kRows = 12, kVectors = 2;
  static Left left(X x) {
    return {_mm512_set1_epi32(static_cast<int>(x & 0x00ff00ffu)),
            _mm512_set1_epi32(static_cast<int>(x >> 8 & 0x00ff00ffu))};
  }
  static Right right(const X* x) {
    const __m512i bytes = _mm512_loadu_si512(x);
    return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
  }
  static Sum multiply(const Left& a, const Right& b, Sum sum) {
    return sum + (Sum)_mm512_madd_epi16(a.even, b.even) + (Sum)_mm512_madd_epi16(a.odd, b.odd);
  }
};

constexpr Stages kStages = loops::stages_on<Vector512, QuadProducts512>();

}  // namespace

const Stages& avx512_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
