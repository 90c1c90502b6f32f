// Which instruction sets the kernels are written for, and which one this process uses.
#pragma once

#include <string>
#include <vector>

namespace fastformer::kernels {

enum class InstructionSet {
  kPortable,    // what the compiler makes of plain vectors, on any processor
  kAvx2,        // with FMA
  kAvx512,      // F, BW, VL and DQ
  kAvx512Vnni,  // the same with VNNI
  kAvx512Bf16,  // the same with BF16
  kAmx,         // the same with AMX's tiles of bfloat16 and of bytes
};

// "portable", "avx2", ...: what FASTFORMER_ISA may say.
const char* name_of(InstructionSet set);

// What this processor can run, in the order of the enumeration; always kPortable.
std::vector<InstructionSet> available_instruction_sets();

// The set that `name` forces, or the best available for an empty name. Throws a usage Error for an
// unknown name and for a set that this processor does not have.
InstructionSet instruction_set_named(const std::string& name);

// instruction_set_named of the variable FASTFORMER_ISA; looked up once.
InstructionSet instruction_set();

}  // namespace fastformer::kernels
