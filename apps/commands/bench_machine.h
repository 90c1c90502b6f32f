// What this machine can do at best, to measure a model's speed against.
#pragma once

#include <cstdint>
#include <string>

#include "base/parallel.h"
#include "kernels/simd/instruction_set.h"

namespace fastformer::apps {

// Of numbers in one format; the best of several short runs on all of a pool's threads.
struct FormatPeak {
  double products = 0;  // multiplications and additions per second
  // Numbers per second that are read from memory one after the other and added up in 32 bits, as
  // the runtime has them after reading.
  double numbers = 0;
  int bytes = 0;  // of a number

  double bytes_per_second() const { return numbers * bytes; }
};

struct MachinePeak {
  FormatPeak float32, bfloat16;
  FormatPeak int8;  // whose sums are whole

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
