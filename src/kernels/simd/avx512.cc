// The stages for AVX-512 (F, BW, VL, DQ). Compiled with flags of its own: see
// cmake/SimdTargets.cmake.
#ifdef __x86_64__
#include "kernels/simd/target.h"
#include "kernels/simd/vector512.h"

namespace fastformer::kernels {
namespace {

constexpr Stages kStages = loops::stages_on<Vector512>();

}  // namespace

const Stages& avx512_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
