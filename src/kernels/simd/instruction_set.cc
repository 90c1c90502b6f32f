// Asks the processor what it has and the environment what is wanted.
#include "kernels/simd/instruction_set.h"

#include <fastformer/error.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/strings.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace fastformer::kernels {
namespace {

constexpr char kVariable[] = "FASTFORMER_ISA";

struct Row {
  InstructionSet set;
  const char* name;
  bool (*available)();
};

#ifdef __x86_64__
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
bool has_avx512vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
bool has_avx512bf16() { return has_avx512vnni() && __builtin_cpu_supports("avx512bf16"); }
// The processor has tiles of bfloat16 and of bytes, and the system lets this process use them.
bool has_amx() {
  constexpr unsigned kBfloat16 = 1U << 22, kTiles = 1U << 24, kBytes = 1U << 25;
  constexpr unsigned kAll = kBfloat16 | kTiles | kBytes;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(2)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return has_avx512bf16() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (edx & kAll) == kAll && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool has_amx() { return false; }
bool has_avx2() { return false; }
bool has_avx512() { return false; }
bool has_avx512vnni() { return false; }
bool has_avx512bf16() { return false; }
#endif

constexpr std::array kSets = {
    Row{InstructionSet::kPortable, "portable", [] { return true; }},
    Row{InstructionSet::kAvx2, "avx2", has_avx2},
    Row{InstructionSet::kAvx512, "avx512", has_avx512},
    Row{InstructionSet::kAvx512Vnni, "avx512vnni", has_avx512vnni},
    Row{InstructionSet::kAvx512Bf16, "avx512bf16", has_avx512bf16},
    Row{InstructionSet::kAmx, "amx", has_amx},
};

}  // namespace

const char* name_of(InstructionSet set) {
  return std::find_if(kSets.begin(), kSets.end(), [set](const Row& row) { return row.set == set; })
      ->name;
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const Row& row : kSets) {
    if (row.available()) sets.push_back(row.set);
  }
  return sets;
}

InstructionSet instruction_set_named(const std::string& name) {
  if (name.empty()) return available_instruction_sets().back();
  std::vector<std::string> known;
  for (const Row& row : kSets) {
    known.emplace_back(row.name);
    if (name != row.name) continue;
    if (row.available()) return row.set;
    throw usage_error(
        "this processor does not have the instruction set " + name, kVariable,
        std::string("The best that it has is ") + name_of(available_instruction_sets().back()));
  }
  throw usage_error("unknown instruction set \"" + printable(name) + "\"", kVariable,
                    "Known: " + join(known, ", "));
}

InstructionSet instruction_set() {
  static const InstructionSet chosen = [] {
    const char* name = std::getenv(kVariable);
    return instruction_set_named(name ? name : "");
  }();
  return chosen;
}

}  // namespace fastformer::kernels
