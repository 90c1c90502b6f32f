// Names machines.
#include "commands/compare_machine.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/log.h"
#include "base/parallel.h"
#include "base/strings.h"
#include "commands/bench_machine.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kProcessor[] = "processor";
constexpr char kThreads[] = "threads";

}  // namespace

Json machine_of(const CompareOptions& options) {
  const int asked = options.train.training.threads;
  const std::string name = processor_name();
  return {{kProcessor, name.empty() ? "unknown processor" : name},
          {kThreads, asked > 0 ? asked : available_threads()}};
}

std::string machine_text(const Json& result) {
  if (!result.contains(kProcessor) || !result[kProcessor].is_string()) return "";
  std::string text = result[kProcessor].get<std::string>();
  if (!result.contains(kThreads) || !result[kThreads].is_number_integer()) return text;
  const auto threads = result[kThreads].get<std::int64_t>();
  return text + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

void warn_of_other_machines(const learn::CellJournal& journal, const Json& now) {
  std::set<std::string> machines;
  for (const auto& [name, result] : journal.cells()) machines.insert(machine_text(result));
  machines.erase("");
  machines.erase(machine_text(now));
  if (machines.empty()) return;
  const std::vector<std::string> others(machines.begin(), machines.end());
  log_warning("this is " + printable(machine_text(now)) + ", and finished cells were measured on " +
              printable(join(others, "; "), 500) +
              ": their speeds cannot be compared; another --output keeps them apart");
}

}  // namespace fastformer::apps
