// Measures products in registers and reading of memory.
#include "commands/bench_machine.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

#include "base/strings.h"
#include "kernels/simd/dispatch.h"

namespace fastformer::apps {
namespace {

constexpr int kRuns = 20;

// The most work per second of `kRuns` runs of `run`, which does `work` of it.
template <typename Run>
double best_rate(double work, const Run& run) {
  double best = 0;
  for (int i = 0; i < kRuns; ++i) {
    const double start = seconds_now();
    run();
    best = std::max(best, work / (seconds_now() - start));
  }
  return best;
}

double product_rate(ThreadPool& pool, void (*peak)(std::int64_t, float*), std::int64_t operations) {
  constexpr std::int64_t kRounds = 100000, kParts = 2;
  const std::int64_t parts = kParts * pool.threads();
  return best_rate(static_cast<double>(parts * kRounds * operations), [&] {
    pool.run(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      alignas(64) float sink[16];
      for (std::int64_t i = begin; i < end; ++i) peak(kRounds, sink);
    });
  });
}

double memory_rate(ThreadPool& pool) {
  constexpr std::int64_t kNumbers = std::int64_t{1} << 24;  // 128 MB
  const std::vector<std::int64_t> numbers(static_cast<std::size_t>(kNumbers), 1);
  std::vector<std::int64_t> sums(64);
  return best_rate(static_cast<double>(kNumbers) * sizeof(std::int64_t), [&] {
    pool.run(64, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) {
        const std::int64_t* from = numbers.data() + part * (kNumbers / 64);
        std::int64_t sum = 0;
        for (std::int64_t i = 0; i < kNumbers / 64; ++i) sum += from[i];
        sums[static_cast<std::size_t>(part)] = sum;
      }
    });
  });
}

}  // namespace

void MachinePeak::improve(const MachinePeak& other) {
  float32 = std::max(float32, other.float32);
  bfloat16 = std::max(bfloat16, other.bfloat16);
  int8 = std::max(int8, other.int8);
  memory = std::max(memory, other.memory);
}

MachinePeak measure_peak(kernels::InstructionSet set, ThreadPool& pool) {
  const kernels::Stages& stages = kernels::stages_of(set);
  return {product_rate(pool, stages.peak, stages.peak_operations),
          product_rate(pool, stages.pair_peak, stages.pair_peak_operations),
          product_rate(pool, stages.quad_peak, stages.quad_peak_operations), memory_rate(pool)};
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds_now() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::string processor_name() {
  std::ifstream lines("/proc/cpuinfo");  // "model name : ..."
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos) {
      return std::string(trim(line.substr(colon + 1)));
    }
  }
  return "";
}

}  // namespace fastformer::apps
