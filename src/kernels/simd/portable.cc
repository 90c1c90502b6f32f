// The stages in the compiler's own vectors, which every processor has in some form.
#include "kernels/simd/target.h"

namespace fastformer::kernels {
namespace {

struct Vector128 {
  typedef float F __attribute__((vector_size(16)));
  typedef std::int32_t I __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4, kHeads = 4, kVectors = 2;

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
  static F fma(F a, F b, F c) { return a * b + c; }  // rounded twice
  static F sqrt(F a) {
    return F{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]),
             __builtin_sqrtf(a[3])};
  }
  // The second where one is not a number.
  static F min(F a, F b) { return a < b ? a : b; }
  static F max(F a, F b) { return a > b ? a : b; }
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
  static float sum(F v) { return (v[0] + v[2]) + (v[1] + v[3]); }
};

constexpr Stages kStages = loops::stages_on<Vector128>();

}  // namespace

const Stages& portable_stages() { return kStages; }

}  // namespace fastformer::kernels
