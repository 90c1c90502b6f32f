// The stages for AVX-512 with BF16: its instruction for products of pairs, else those of AVX-512.
#ifdef __x86_64__
#include "kernels/simd/vector512bf16.h"

namespace fastformer::kernels {
namespace {

constexpr Stages kStages = stages_with_pairs();

}  // namespace

const Stages& avx512bf16_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
