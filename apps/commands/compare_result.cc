// Gathers finished cells.
#include "commands/compare_result.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "commands/compare_facts.h"

namespace fastformer::apps {
namespace {

using config::Json;
using learn::Cell;
using learn::CellKind;

// Of a line that nobody vouches for.
double number_in(const Json& result, const char* key) {
  return result.contains(key) && result[key].is_number() ? result[key].get<double>() : 0;
}

std::int64_t count_in(const Json& result, const char* key) {
  return static_cast<std::int64_t>(std::clamp(number_in(result, key), 0.0, 9e15));
}

double rate_in(const Json& result, const std::string& of) {
  const double seconds = number_in(result, (of + "_seconds").c_str());
  return seconds > 0 ? number_in(result, (of + "_tokens").c_str()) / seconds : 0;
}

bool has_ended(const Json& result) { return result.contains("ended"); }

std::string reason_of(const Json& result) {
  return result["ended"].is_string() ? result["ended"].get<std::string>() : "ended";
}

void add_training(const Json& result, report::ComparedModel& model) {
  model.accuracy.push_back(number_in(result, "accuracy"));
  model.macro_f1.push_back(number_in(result, "macro_f1"));
  if (result.contains("micro_f1")) model.micro_f1.push_back(number_in(result, "micro_f1"));
  model.training_rate.push_back(rate_in(result, "training"));
  model.use_rate.push_back(rate_in(result, "use"));
  model.training_memory = std::max(model.training_memory, count_in(result, "training_memory"));
  model.use_memory = std::max(model.use_memory, count_in(result, "use_memory"));
  model.parameters = std::max(model.parameters, count_in(result, "parameters"));
  model.operations = std::max(model.operations, number_in(result, "operations"));
}

std::string curve_name(const learn::Variant& variant, CellKind kind) {
  return kind == CellKind::kUseBFloat16 ? variant.name + ", bfloat16" : variant.name;
}

report::SweepCurve curve_of(CellKind kind, std::size_t variant, const ComparePlan& plan,
                            const learn::CellJournal& journal) {
  report::SweepCurve curve{
      curve_name(plan.variants[variant], kind), kind == CellKind::kTraining, {}};
  for (const Cell& cell : plan.cells) {
    if (cell.kind != kind || cell.variant != variant) continue;
    const Json* result = journal.find(cell.name);
    const double rate = result ? number_in(*result, "tokens_per_second") : 0;
    if (rate > 0) curve.points.push_back({cell.number, rate, count_in(*result, "memory")});
  }
  return curve;
}

}  // namespace

bool is_beyond_an_end(const Cell& cell, const ComparePlan& plan,
                      const learn::CellJournal& journal) {
  return std::any_of(plan.cells.begin(), plan.cells.end(), [&](const Cell& other) {
    if (!learn::same_curve(cell, other) || other.number >= cell.number) return false;
    const Json* result = journal.find(other.name);
    return result && has_ended(*result);
  });
}

report::Comparison comparison_of(const CompareOptions& options, const ComparePlan& plan,
                                 const learn::CellJournal& journal) {
  report::Comparison comparison;
  comparison.title = learn::title_of(options.variants);
  if (!options.test.empty()) {
    for (const learn::Variant& variant : plan.variants) {
      comparison.models.emplace_back().name = variant.name;
    }
  }
  std::size_t left = 0;
  for (const Cell& cell : plan.cells) {
    const Json* result = journal.find(cell.name);
    if (!result) {
      left += !is_beyond_an_end(cell, plan, journal);
    } else if (has_ended(*result)) {
      comparison.notes.push_back(cell.name + ": " + reason_of(*result) +
                                 (cell.is_sweep() ? ", its curve ends before" : ""));
    } else if (!cell.is_sweep()) {
      add_training(*result, comparison.models[cell.variant]);
    }
  }
  if (!comparison.notes.empty()) {
    comparison.notes.emplace_back("What ended is tried again with a higher limit, or with --retry");
  }
  if (left > 0) {
    comparison.notes.push_back(std::to_string(left) + " of " + std::to_string(plan.cells.size()) +
                               " cells are still to be done: the same command goes on");
  }
  for (const CellKind kind : {CellKind::kTraining, CellKind::kUse, CellKind::kUseBFloat16}) {
    for (std::size_t v = 0; v < plan.variants.size(); ++v) {
      report::SweepCurve curve = curve_of(kind, v, plan, journal);
      if (!curve.points.empty()) comparison.curves.push_back(std::move(curve));
    }
  }
  const std::vector<std::string> machines = machines_of(plan, journal);
  if (machines.size() > 1) {
    comparison.notes.push_back(
        "Not all cells are of one machine and number of threads, so speeds cannot be compared: " +
        join(machines, "; "));
  }
  comparison.facts = facts_of(options, machines);
  comparison.options = options_of(plan.told);
  return comparison;
}

}  // namespace fastformer::apps
