// Chooses among the files of the targets.
#include "kernels/simd/dispatch.h"

namespace fastformer::kernels {

const Stages& stages_of(InstructionSet set) {
#ifdef __x86_64__
  if (set == InstructionSet::kAmx) return amx_stages();
  if (set == InstructionSet::kAvx512Bf16) return avx512bf16_stages();
  if (set == InstructionSet::kAvx512Vnni) return avx512vnni_stages();
  if (set == InstructionSet::kAvx512) return avx512_stages();
  if (set == InstructionSet::kAvx2) return avx2_stages();
#endif
  static_cast<void>(set);
  return portable_stages();
}

std::int64_t padded(std::int64_t width) { return (width + kPanel - 1) / kPanel * kPanel; }

std::int64_t quads_of(std::int64_t inputs) {
  return (inputs + 4 * kQuadStep - 1) / (4 * kQuadStep) * kQuadStep;
}

}  // namespace fastformer::kernels
