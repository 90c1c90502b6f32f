// The stages for AVX2 with FMA. Compiled with flags of its own: see cmake/SimdTargets.cmake.
#ifdef __x86_64__
#include <immintrin.h>

#include "kernels/simd/sse_denormals.h"
#include "kernels/simd/target.h"

namespace fastformer::kernels {
namespace {

// 6 rows x 2 vectors are 12 accumulators of the 16 registers.
struct Vector256 {
  using F = __m256;
  using WithoutDenormals = SseWithoutDenormals;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 6, kPairRows = 4, kHeads = 6, kVectors = 2;
  static constexpr bool kRoundsPairs = false;

  static F set(float x) { return _mm256_set1_ps(x); }
  static F load(const float* x) { return _mm256_loadu_ps(x); }
  static void store(float* x, F v) { _mm256_storeu_ps(x, v); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F div(F a, F b) { return _mm256_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F reciprocal(F a) {  // within 2^-20
    const F near = _mm256_rcp_ps(a);
    return _mm256_mul_ps(near, _mm256_fnmadd_ps(a, near, _mm256_set1_ps(2.0f)));
  }
  static float root(float a) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))); }
  // The second where one is not a number.
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F load_bits(const std::uint32_t* x) {
    return _mm256_castsi256_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static F set_bits(std::uint32_t x) {
    return _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(x)));
  }
  // The bfloat16 numbers of pairs.
  static F lower_half(F pairs) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(pairs), 16));
  }
  static F upper_half(F pairs) {
    return _mm256_castsi256_ps(
        _mm256_and_si256(_mm256_castps_si256(pairs), _mm256_set1_epi32(-65536)));
  }
  static F load_bfloat16(const std::uint16_t* x) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
  // 2^n of whole numbers.
  static F power_of_two(F n) {
    const __m256i biased = _mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
  }
  // The first `count` elements, then zeros.
  static F first(F v, int count) {
    const __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), place);
    return _mm256_and_ps(v, _mm256_castsi256_ps(mask));
  }
  // The first, or the magnitude of the second if that is larger, what is no number being largest.
  static F larger_magnitude(F most, F v) {
    const __m256i magnitude =
        _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7fffffff));
    return _mm256_castsi256_ps(_mm256_max_epu32(_mm256_castps_si256(most), magnitude));
  }
  static std::uint32_t largest_bits(F v) {
    const __m256i bits = _mm256_castps_si256(v);
    __m128i most = _mm_max_epu32(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4e));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0xb1));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(most));
  }
  // Rounded numbers of [-128, 127] plus 128.
  static void store_bytes(std::uint8_t* y, F v) {
    const __m256i whole = _mm256_cvtps_epi32(v);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    const __m128i bytes = _mm_xor_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(-128));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), bytes);
  }
  static float sum(F v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
};

// Bytes as 16-bit numbers, odd and even ones apart: products of pairs of them are exact, where
// vpmaddubsw would saturate.
struct QuadProducts256 {
  using X = Quad;
  using Product = QuadProduct;
  using Vector = Vector256;
  using Sum = __m256i;
  struct Halves {
    __m256i even, odd;
  };
  using Left = Halves;
  using Right = Halves;
  static constexpr int kRows = 4, kVectors = 2;
  static X one() { return 0x01010101u; }
  static Sum start(int i) { return _mm256_set1_epi32(i); }
  static Left left(X x) {
    return {_mm256_set1_epi32(static_cast<int>(x & 0x00ff00ffu)),
            _mm256_set1_epi32(static_cast<int>(x >> 8 & 0x00ff00ffu))};
  }
  static Right right(const X* x) {
    const __m256i bytes = load(x);
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static Sum multiply(const Left& a, const Right& b, Sum sum) {
    return _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_madd_epi16(a.even, b.even)),
                            _mm256_madd_epi16(a.odd, b.odd));
  }
  static __m256 number(Sum sum) { return _mm256_cvtepi32_ps(sum); }
  static Sum minus(const std::int32_t* x) {
    return _mm256_sub_epi32(_mm256_setzero_si256(), load(x));
  }

 private:
  static __m256i load(const void* x) { return _mm256_loadu_si256(static_cast<const __m256i*>(x)); }
};

constexpr Stages kStages = loops::stages_on<Vector256, QuadProducts256>();

}  // namespace

const Stages& avx2_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
