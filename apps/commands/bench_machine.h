// What this machine can do at best, to measure a model's speed against.
#pragma once

#include <cstdint>
#include <string>

#include "base/parallel.h"
#include "kernels/simd/instruction_set.h"

namespace fastformer::apps {

// The best of several short runs on all of a pool's threads.
struct MachinePeak {
  double float32 = 0;   // multiplications and additions per second, in products of floats
  double bfloat16 = 0;  // the same in bfloat16
  double int8 = 0;      // the same in int8, with whole sums
  double memory = 0;    // bytes per second, read

  // Keeps what is larger of either.
  void improve(const MachinePeak& other);
};

MachinePeak measure_peak(kernels::InstructionSet set, ThreadPool& pool);

// Seconds of a clock that only goes forward.
double seconds_now();
// Seconds of processor time that all threads of the process have used.
double processor_seconds_now();

// As the system calls it, or "" where it does not.
std::string processor_name();

}  // namespace fastformer::apps
