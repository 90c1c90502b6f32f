// Sets limits and compares them with those of before.
#include "commands/compare_limits.h"

#include <nlohmann/json.hpp>

#include "base/available_memory.h"
#include "base/strings.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kEnded[] = "ended";
constexpr char kSeconds[] = "limit_seconds";
constexpr char kBytes[] = "limit_bytes";

double limit_in(const Json& ended, const char* key) {
  return ended.contains(key) && ended[key].is_number() ? ended[key].get<double>() : 0;
}

std::int64_t free_memory() { return available_memory().value_or(0) / 10 * 9; }

}  // namespace

CellLimits::CellLimits(const CompareOptions& options)
    : training_seconds(options.cell_seconds),
      sweep_seconds(options.sweep_seconds),
      memory(options.cell_memory > 0 ? options.cell_memory * 1'000'000 : free_memory()),
      is_memory_given(options.cell_memory > 0) {}

double CellLimits::seconds_of(const learn::Cell& cell) const {
  return cell.is_sweep() ? sweep_seconds : training_seconds;
}

bool CellLimits::are_higher_than(const learn::Cell& cell, const Json& ended) const {
  const double seconds = seconds_of(cell), seconds_then = limit_in(ended, kSeconds);
  if (seconds_then > 0) return seconds == 0 || seconds > seconds_then;
  // What is free is never quite the same.
  const double least = (is_memory_given ? 1 : 1.1) * limit_in(ended, kBytes);
  return least > 0 && (memory == 0 || static_cast<double>(memory) > least);
}

Json ended_by_time(double seconds) {
  return {{kEnded, "over " + format_double(seconds) + " s"}, {kSeconds, seconds}};
}

Json ended_by_memory(std::int64_t bytes) {
  return {{kEnded, "over " + format_count(bytes / 1'000'000) + " MB"}, {kBytes, bytes}};
}

int forget_to_try_again(const CompareOptions& options, const ComparePlan& plan,
                        learn::CellJournal& journal) {
  const CellLimits limits(options);
  int forgotten = 0;
  for (const learn::Cell& cell : plan.cells) {
    const Json* result = journal.find(cell.name);
    if (!result || !result->contains(kEnded)) continue;
    if (!options.retry && !limits.are_higher_than(cell, *result)) continue;
    journal.forget(cell.name);
    ++forgotten;
  }
  return forgotten;
}

}  // namespace fastformer::apps
