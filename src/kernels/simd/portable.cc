// The stages in the compiler's own vectors, which every processor has in some form.
#include "kernels/simd/target.h"

#ifdef __x86_64__
#include "kernels/simd/sse_denormals.h"
#endif

namespace fastformer::kernels {
namespace {

#ifdef __x86_64__
using DenormalsOff = SseWithoutDenormals;
#else
// Sums below 1e-30 may differ from other sets' here.
struct DenormalsOff {
  ~DenormalsOff() {}
};
#endif

struct Vector128 {
  typedef float F __attribute__((vector_size(16)));
  typedef std::int32_t I __attribute__((vector_size(16)));
  using WithoutDenormals = DenormalsOff;
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4, kPairRows = 2, kHeads = 4, kVectors = 2;
  static constexpr bool kRoundsPairs = false;

  static F set(float x) { return F{x, x, x, x}; }
  static F load(const float* x) {
    F v;
    __builtin_memcpy(&v, x, sizeof(v));
    return v;
  }
  static void store(float* x, F v) { __builtin_memcpy(x, &v, sizeof(v)); }
  static F add(F a, F b) { return a + b; }
  static F sub(F a, F b) { return a - b; }
  static F mul(F a, F b) { return a * b; }
  static F div(F a, F b) { return a / b; }
  // Rounded twice; not for bfloat16 a and b, whose product is a float.
  static F fma(F a, F b, F c) { return a * b + c; }
  static F reciprocal(F a) { return 1.0f / a; }
  static float root(float a) { return __builtin_sqrtf(a); }
  // The second where one is not a number.
  static F min(F a, F b) { return a < b ? a : b; }
  static F max(F a, F b) { return a > b ? a : b; }
  static F load_bits(const std::uint32_t* x) {
    F v;
    __builtin_memcpy(&v, x, sizeof(v));
    return v;
  }
  static F set_bits(std::uint32_t x) { return from_bits(U{x, x, x, x}); }
  // The bfloat16 numbers of pairs.
  static F lower_half(F pairs) { return from_bits(to_bits(pairs) << 16); }
  static F upper_half(F pairs) { return from_bits(to_bits(pairs) & 0xffff0000u); }
  static F load_bfloat16(const std::uint16_t* x) {
    return from_bits(U{x[0], x[1], x[2], x[3]} << 16);
  }
  // 2^n of whole numbers; of no number, some number.
  static F power_of_two(F n) {
    const F lowest = {-127, -127, -127, -127};
    const I biased = __builtin_convertvector(n > lowest ? n : lowest, I) + 127;
    const I bits = biased << 23;
    F power;
    __builtin_memcpy(&power, &bits, sizeof(power));
    return power;
  }
  // The first `count` elements, then zeros.
  static F first(F v, int count) {
    for (int i = count; i < kLanes; ++i) v[i] = 0;
    return v;
  }
  // The first, or the magnitude of the second if that is larger, what is no number being largest.
  static F larger_magnitude(F most, F v) {
    const U a = to_bits(most), b = to_bits(v) & 0x7fffffffu;
    return from_bits(a > b ? a : b);
  }
  static std::uint32_t largest_bits(F v) {
    const U bits = to_bits(v);
    std::uint32_t most = 0;
    for (int i = 0; i < kLanes; ++i) most = most > bits[i] ? most : bits[i];
    return most;
  }
  // Rounded numbers of [-128, 127] plus 128.
  static void store_bytes(std::uint8_t* y, F v) {
    const U bits = to_bits(v + 12582912.0f) ^ 0x80u;  // 1.5 * 2^23
    for (int i = 0; i < kLanes; ++i) y[i] = static_cast<std::uint8_t>(bits[i]);
  }
  static float sum(F v) { return (v[0] + v[2]) + (v[1] + v[3]); }

 private:
  typedef std::uint32_t U __attribute__((vector_size(16)));
  static U to_bits(F v) {
    U bits;
    __builtin_memcpy(&bits, &v, sizeof(bits));
    return bits;
  }
  static F from_bits(U bits) {
    F v;
    __builtin_memcpy(&v, &bits, sizeof(v));
    return v;
  }
};

// A byte of each quad after the other.
struct QuadProducts128 {
  typedef std::int32_t Sum __attribute__((vector_size(16)));
  using X = Quad;
  using Product = QuadProduct;
  using Vector = Vector128;
  struct Bytes {
    Sum of[4];
  };
  using Left = Bytes;
  using Right = Bytes;
  static constexpr int kRows = 2, kVectors = 2;
  static X one() { return 0x01010101u; }
  static Sum start(int i) { return Sum{i, i, i, i}; }
  static Left left(X x) {
    Left bytes;
    for (int i = 0; i < 4; ++i) {
      bytes.of[i] = start(static_cast<std::int32_t>(x >> 8 * i & 0xffu));
    }
    return bytes;
  }
  static Right right(const X* x) {
    Sum quads;
    __builtin_memcpy(&quads, x, sizeof(quads));
    return {{quads << 24 >> 24, quads << 16 >> 24, quads << 8 >> 24, quads >> 24}};
  }
  static Sum multiply(const Left& a, const Right& b, Sum sum) {
    for (int i = 0; i < 4; ++i) sum += a.of[i] * b.of[i];
    return sum;
  }
  static Vector128::F number(Sum sum) { return __builtin_convertvector(sum, Vector128::F); }
  static Sum minus(const std::int32_t* x) {
    Sum sum;
    __builtin_memcpy(&sum, x, sizeof(sum));
    return -sum;
  }
};

constexpr Stages kStages = loops::stages_on<Vector128, QuadProducts128>();

}  // namespace

const Stages& portable_stages() { return kStages; }

}  // namespace fastformer::kernels
