// The vector class of the targets with AVX-512, of internal linkage in each of them.
#pragma once

#include <immintrin.h>

#include "kernels/simd/sse_denormals.h"
#include "kernels/simd/stages.h"

namespace fastformer::kernels {
namespace {

// 12 rows x 2 vectors are 24 accumulators of the 32 registers.
struct Vector512 {
  using F = __m512;
  using WithoutDenormals = SseWithoutDenormals;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 12, kPairRows = 12, kHeads = 8, kVectors = 2;
  static constexpr bool kRoundsPairs = false;

  static F set(float x) { return _mm512_set1_ps(x); }
  static F load(const float* x) { return _mm512_loadu_ps(x); }
  static void store(float* x, F v) { _mm512_storeu_ps(x, v); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F reciprocal(F a) { return _mm512_rcp14_ps(a); }  // within 2^-14
  static float root(float a) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))); }
  // The second where one is not a number.
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F load_bits(const std::uint32_t* x) { return _mm512_loadu_ps(x); }
  static F set_bits(std::uint32_t x) {
    return _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(x)));
  }
  // The bfloat16 numbers of pairs.
  static F lower_half(F pairs) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pairs), 16));
  }
  static F upper_half(F pairs) {
    return _mm512_castsi512_ps(
        _mm512_and_si512(_mm512_castps_si512(pairs), _mm512_set1_epi32(-65536)));
  }
  static F load_bfloat16(const std::uint16_t* x) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  // 2^n of whole numbers.
  static F power_of_two(F n) {
    const __m512i biased = _mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
  }
  // The first `count` elements, then zeros.
  static F first(F v, int count) {
    return _mm512_maskz_mov_ps(static_cast<__mmask16>((1u << count) - 1), v);
  }
  // The first, or the magnitude of the second if that is larger, what is no number being largest.
  static F larger_magnitude(F most, F v) {
    const __m512i magnitude =
        _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffffff));
    return _mm512_castsi512_ps(_mm512_max_epu32(_mm512_castps_si512(most), magnitude));
  }
  static std::uint32_t largest_bits(F v) { return _mm512_reduce_max_epu32(_mm512_castps_si512(v)); }
  // Rounded numbers of [-128, 127] plus 128.
  static void store_bytes(std::uint8_t* y, F v) {
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
  }
  static float sum(F v) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
};

// Sums of products of quads.
struct QuadSums512 {
  using X = Quad;
  using Product = QuadProduct;
  using Vector = Vector512;
  typedef std::int32_t Sum __attribute__((vector_size(64)));
  static X one() { return 0x01010101u; }
  static Sum start(int i) { return Sum{} + i; }
  static __m512 number(Sum sum) { return _mm512_cvtepi32_ps((__m512i)sum); }
  static Sum minus(const std::int32_t* x) { return -(Sum)_mm512_loadu_si512(x); }
};

}  // namespace
}  // namespace fastformer::kernels
