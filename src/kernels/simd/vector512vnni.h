// What AVX-512 VNNI adds to AVX-512, of internal linkage in each target that has it.
#pragma once

#include "kernels/simd/target.h"
#include "kernels/simd/vector512.h"

namespace fastformer::kernels {
namespace {

// Products of quads by one instruction.
struct NativeQuadProducts : QuadSums512 {
  using Left = __m512i;
  using Right = __m512i;
  static constexpr int kRows = 12, kVectors = 2;
  static Left left(X x) { return _mm512_set1_epi32(static_cast<int>(x)); }
  static Right right(const X* x) { return _mm512_loadu_si512(x); }
  static Sum multiply(Left a, Right b, Sum sum) {
    return (Sum)_mm512_dpbusd_epi32((__m512i)sum, a, b);
  }
};

}  // namespace
}  // namespace fastformer::kernels
