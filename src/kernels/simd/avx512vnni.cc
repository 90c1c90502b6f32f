// The stages for AVX-512 with VNNI: its instruction for products of quads, else those of AVX-512.
#ifdef __x86_64__
#include "kernels/simd/vector512vnni.h"

namespace fastformer::kernels {
namespace {

constexpr Stages kStages = loops::stages_on<Vector512, NativeQuadProducts>();

}  // namespace

const Stages& avx512vnni_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
