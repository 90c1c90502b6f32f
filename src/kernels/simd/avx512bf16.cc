// The stages for AVX-512 with BF16: its instruction for products of pairs, else those of AVX-512.
#ifdef __x86_64__
#include "kernels/simd/pair_sums.h"

namespace fastformer::kernels {
namespace {

constexpr Stages stages() {
  Stages stages = stages_with_pairs();
  stages.pair_weighted_sum = weighted_sum_of_pairs;
  stages.short_weighted_sum = short_weighted_sum;
  stages.sums_pairs = true;
  return stages;
}

constexpr Stages kStages = stages();

}  // namespace

const Stages& avx512bf16_stages() { return kStages; }

}  // namespace fastformer::kernels
#endif
