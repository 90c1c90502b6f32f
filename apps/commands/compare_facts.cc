// Puts into words how a comparison was measured.
#include "commands/compare_facts.h"

#include <fastformer/version.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "commands/compare_machine.h"

namespace fastformer::apps {
namespace {

using config::Json;

std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::vector<std::string> parts;
  for (const Json& part : value) parts.push_back(value_text(part));
  return join(parts, "; ");
}

// An option a row; below a part of the comparison, such as its encoders, names are joined.
void add_options(const Json& told, const std::string& before, Pairs& options) {
  for (const auto& [name, value] : told.items()) {
    const std::string whole = before.empty() ? name : before + ", " + name;
    if (value.is_object()) {
      add_options(value, whole, options);
    } else {
      options.emplace_back(whole, value_text(value));
    }
  }
}

}  // namespace

std::vector<std::string> machines_of(const ComparePlan& plan, const learn::CellJournal& journal) {
  std::map<std::string, std::int64_t> cells_of;
  for (const learn::Cell& cell : plan.cells) {
    const Json* result = journal.find(cell.name);
    if (result && !machine_text(*result).empty()) ++cells_of[machine_text(*result)];
  }
  std::vector<std::string> machines;
  for (const auto& [machine, cells] : cells_of) {
    std::string& text = machines.emplace_back(machine);
    if (cells_of.size() == 1) continue;
    text += " (" + format_count(cells) + (cells == 1 ? " cell)" : " cells)");
  }
  return machines;
}

Pairs facts_of(const CompareOptions& options, const std::vector<std::string>& machines) {
  Pairs facts;
  facts.emplace_back("processor",
                     machines.empty() ? machine_text(machine_of(options)) : join(machines, "; "));
  facts.emplace_back("program", "fastformer ").second += kVersion;
  if (!options.test.empty()) {
    facts.emplace_back("models",
                       "Each training is a process of its own. Training's speed is that of its "
                       "steps, use's that of labelling the test rows, from text to labels.");
    facts.emplace_back(
        "operations",
        "Multiplications and additions of a forward pass for a token of a test document of mean "
        "length: products with matrices and of queries, keys and values with each other, as "
        "published; without norms, residuals and softmax, the embedding and the classifier.");
  }
  facts.emplace_back("memory", "The most that a process held, with its program and libraries.");
  if (options.sweeps()) {
    facts.emplace_back(
        "sweep", "Random documents of one length and of " + format_count(options.sweep_tokens) +
                     " tokens together, or one that is longer; each measurement is a process of "
                     "its own, and the fastest of some repetitions is told. Training is a step "
                     "with its optimizer. Fastformer is used by its runtime, the others by "
                     "libtorch.");
  }
  return facts;
}

Pairs options_of(const Json& told) {
  Pairs options;
  for (const auto& [name, value] : told.items()) {
    if (value.is_object()) {
      add_options(value, "", options);
    } else if (name != "version") {
      options.emplace_back(name, value_text(value));
    }
  }
  return options;
}

}  // namespace fastformer::apps
