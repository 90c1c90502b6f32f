// The stages of an instruction set.
#pragma once

#include "kernels/simd/instruction_set.h"
#include "kernels/simd/stages.h"

namespace fastformer::kernels {

// `set` is one of available_instruction_sets().
const Stages& stages_of(InstructionSet set);

// Columns of padding included: the least multiple of kPanel that holds `width`.
std::int64_t padded(std::int64_t width);

// Quads of so many inputs, padding included.
std::int64_t quads_of(std::int64_t inputs);

}  // namespace fastformer::kernels
