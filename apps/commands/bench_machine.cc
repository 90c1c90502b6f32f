// Measures products in registers and reading of memory.
#include "commands/bench_machine.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <fstream>
#include <numeric>
#include <span>
#include <vector>

#include "base/number_view.h"
#include "base/strings.h"
#include "kernels/clones.h"
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

constexpr std::size_t kLanes = 64;  // sums side by side

FASTFORMER_CLONES
float sum_of_floats(NumberView<float> numbers) {
  std::array<float, kLanes> sums = {};
  for (std::size_t i = 0; i + kLanes <= numbers.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) sums[j] += numbers[i + j];
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

FASTFORMER_CLONES
float sum_of_bfloat16s(NumberView<std::uint16_t> numbers) {
  std::array<float, kLanes> sums = {};
  for (std::size_t i = 0; i + kLanes <= numbers.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) {
      sums[j] += std::bit_cast<float>(std::uint32_t{numbers[i + j]} << 16);
    }
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0F);
}

FASTFORMER_CLONES
float sum_of_bytes(NumberView<std::int8_t> numbers) {
  std::array<std::int32_t, kLanes> sums = {};
  for (std::size_t i = 0; i + kLanes <= numbers.size(); i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) sums[j] += numbers[i + j];
  }
  return static_cast<float>(std::accumulate(sums.begin(), sums.end(), 0));
}

// Numbers per second, of `memory` as such numbers.
template <typename T>
double read_rate(ThreadPool& pool, std::span<const std::byte> memory,
                 float (*sum)(NumberView<T> numbers)) {
  constexpr std::size_t kParts = 64;
  const std::size_t part = memory.size() / kParts;
  std::array<float, kParts> sums;
  return best_rate(static_cast<double>(memory.size()) / sizeof(T), [&] {
    pool.run(kParts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        sums[i] = sum(NumberView<T>(memory.subspan(i * part, part)));
      }
    });
  });
}

void keep_larger(FormatPeak& peak, const FormatPeak& other) {
  peak.products = std::max(peak.products, other.products);
  peak.numbers = std::max(peak.numbers, other.numbers);
}

}  // namespace

void MachinePeak::improve(const MachinePeak& other) {
  keep_larger(float32, other.float32);
  keep_larger(bfloat16, other.bfloat16);
  keep_larger(int8, other.int8);
}

MachinePeak measure_peak(kernels::InstructionSet set, ThreadPool& pool) {
  const std::vector<std::byte> memory(std::size_t{1} << 27, std::byte{1});  // 128 MB
  const kernels::Stages& stages = kernels::stages_of(set);
  return {{product_rate(pool, stages.peak, stages.peak_operations),
           read_rate(pool, memory, sum_of_floats), 4},
          {product_rate(pool, stages.pair_peak, stages.pair_peak_operations),
           read_rate(pool, memory, sum_of_bfloat16s), 2},
          {product_rate(pool, stages.quad_peak, stages.quad_peak_operations),
           read_rate(pool, memory, sum_of_bytes), 1}};
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
