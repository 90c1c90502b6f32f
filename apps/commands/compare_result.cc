// Gathers finished cells.
#include "commands/compare_result.h"

#include <fastformer/version.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "commands/compare_machine.h"

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

// With how many cells each did, where there are several.
std::string machines_text(const std::map<std::string, int>& cells_of) {
  std::string text;
  for (const auto& [machine, cells] : cells_of) {
    text += (text.empty() ? "" : "; ") + machine;
    if (cells_of.size() > 1) text += " (" + format_count(cells) + " cells)";
  }
  return text;
}

// Machines with the number of the plan's cells that each did.
std::map<std::string, int> machines_of(const ComparePlan& plan, const learn::CellJournal& journal) {
  std::map<std::string, int> cells_of;
  for (const Cell& cell : plan.cells) {
    const Json* result = journal.find(cell.name);
    if (result && !machine_text(*result).empty()) ++cells_of[machine_text(*result)];
  }
  return cells_of;
}

std::vector<std::pair<std::string, std::string>> facts_of(const CompareOptions& options,
                                                          const ComparePlan& plan,
                                                          const std::string& machines) {
  return {{"processor", machines},
          {"program", std::string("fastformer ") + kVersion},
          {"told", plan.told.dump(-1, ' ', false, Json::error_handler_t::replace)},
          {"models",
           "Each training and each measurement is a process of its own. Training's speed is "
           "that of its steps, use's that of labelling the test rows, from text to labels."},
          {"memory", "The most that a process held, with its program and libraries."},
          {"operations",
           "Multiplications and additions of a forward pass for a token of a test document of mean "
           "length: products with matrices and of queries, keys and values with each other, as "
           "published; without norms, residuals and softmax, the embedding and the classifier."},
          {"sweep", "Random documents of one length and of " + format_count(options.sweep_tokens) +
                        " tokens together, or one that is longer; the fastest of some repetitions. "
                        "Training is a step with its optimizer. Fastformer is used by its runtime, "
                        "the others by libtorch."}};
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
  const std::map<std::string, int> machines = machines_of(plan, journal);
  const std::string named =
      machines.empty() ? machine_text(machine_of(options)) : machines_text(machines);
  if (machines.size() > 1) {
    comparison.notes.push_back(
        "Not all cells are of one machine and number of threads, so speeds cannot be compared: " +
        named);
  }
  comparison.facts = facts_of(options, plan, named);
  return comparison;
}

}  // namespace fastformer::apps
