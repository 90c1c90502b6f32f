// fastformer compare: encoders on the same rows with the same settings, and by length of documents.
#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "commands/bench_machine.h"
#include "commands/commands.h"
#include "commands/compare_limits.h"
#include "commands/compare_machine.h"
#include "commands/compare_needs.h"
#include "commands/compare_options.h"
#include "commands/compare_result.h"
#include "commands/compare_run.h"
#include "io/files.h"
#include "learn/training/presets.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer compare --train FILE... --test FILE... --output DIR [OPTIONS]\n\n"
    "Trains each encoder once for each seed, with the same settings and without the wide branch,\n"
    "measures it on the test rows, and measures time and memory by length of documents. Prints a\n"
    "table and writes DIR/report.html, report.json and plots. What is finished is kept: the same\n"
    "command goes on where it was stopped, or does what was added to its lists.\n\n"
    "All other options of fastformer train are options here too, and reach every training.\n";

constexpr char kReportFile[] = "report.html";
constexpr char kJsonFile[] = "report.json";

bool asks_for_help(Arguments arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
    return word == "--help" || word == "-h" || word == "--help-markdown";
  });
}

// A line about what a cell found.
std::string said(const Json& result) {
  const auto number = [&](const char* key) {
    return result.contains(key) && result[key].is_number() ? result[key].get<double>() : 0;
  };
  if (result.contains("ended")) return result["ended"].get<std::string>();
  if (result.contains("accuracy")) return "accuracy " + format_fixed(number("accuracy"), 4);
  return format_count(static_cast<std::int64_t>(number("tokens_per_second"))) + " tokens/s, " +
         format_fixed(number("memory") / 1e6, 0) + " MB";
}

class Comparing {
 public:
  Comparing(const CompareOptions& options, const ComparePlan& plan, learn::CellJournal& journal)
      : options_(options),
        plan_(plan),
        journal_(journal),
        bar_("compare", static_cast<std::int64_t>(plan.cells.size())),
        runner_(options, plan, io::join_path(options.train.output, learn::kBegunFolder),
                [this] { bar_.update(at_, name_); }) {}

  // Does the cells that are left, as long as there is time. Returns the signal that stopped it, or
  // 0.
  int run() {
    const bool is_sweep_left = is_left(true), is_training_left = is_left(false);
    if (is_sweep_left || is_training_left) warn_of_other_machines(journal_, machine_);
    if (is_training_left && !is_over_budget()) require_common_needs(options_);
    const int signal = do_cells();
    bar_.clear();
    return signal;
  }
  int failed() const { return failed_; }

 private:
  bool is_left(const learn::Cell& cell) const {
    return !journal_.find(cell.name) && !is_beyond_an_end(cell, plan_, journal_);
  }
  bool is_left(bool is_sweep) const {
    return std::any_of(plan_.cells.begin(), plan_.cells.end(), [&](const learn::Cell& cell) {
      return cell.is_sweep() == is_sweep && is_left(cell);
    });
  }

  int do_cells() {
    const StopSignals signals;
    for (const learn::Cell& cell : plan_.cells) {
      ++at_;
      if (!is_left(cell)) continue;
      if (StopSignals::asked() != 0) return StopSignals::asked();
      if (is_over_budget()) break;
      try {
        do_cell(cell);
      } catch (const Stopped&) {
        return StopSignals::asked();
      }
    }
    return 0;
  }

  bool is_over_budget() const { return seconds_now() - start_ >= options_.budget; }

  void do_cell(const learn::Cell& cell) {
    name_ = cell.name;
    const double start = seconds_now();
    std::optional<Json> result = runner_.run(cell);
    bar_.clear();
    if (!result) {
      ++failed_;
      return;
    }
    result->update(machine_);
    journal_.add(cell.name, *result);
    std::string line = "[";
    line += std::to_string(at_) + "/" + std::to_string(plan_.cells.size()) + "] " + cell.name;
    line += ": " + said(*result);
    log_info(line + " (" + format_duration(seconds_now() - start) + ")");
  }

  const CompareOptions& options_;
  const ComparePlan& plan_;
  learn::CellJournal& journal_;
  ProgressBar bar_;
  std::int64_t at_ = 0;
  std::string name_;
  int failed_ = 0;
  double start_ = seconds_now();
  const Json machine_ = machine_of(options_);
  CellRunner runner_;
};

std::string json_line(const report::Comparison& comparison) {
  const Json json = report::comparison_json(comparison);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_report(const std::string& folder, const report::Comparison& comparison) {
  for (const auto& [name, plot] : report::comparison_plots(comparison)) {
    io::write_file_atomically(io::join_path(folder, name), plot.svg());
  }
  io::write_file_atomically(io::join_path(folder, kJsonFile), json_line(comparison));
  const std::string page = io::join_path(folder, kReportFile);
  io::write_file_atomically(page, report::comparison_page(comparison).html());
  log_info("wrote " + page);
}

void make_folder(const std::string& path) {
  if (!io::exists(path)) io::make_directory(path);
}

}  // namespace

int run_compare(Arguments arguments) {
  go_on_without_a_log();
  CompareOptions options;
  config::OptionSet own, set;
  options.describe_files(own);
  options.describe_own(own);
  if (asks_for_help(arguments) && parse_or_help(own, arguments, kUsage)) return kDone;
  options.train.describe(set);
  options.describe_own(set);
  set.set_defaults(learn::preset("default"));
  parse_or_help(set, arguments, kUsage);
  set.apply_json(learn::preset(options.train.preset), config::Source::kPreset,
                 "preset " + options.train.preset);
  const ComparePlan plan = plan_of(options, set);

  const std::string& folder = options.train.output;
  require_folder_of(folder, "--output");
  make_folder(folder);
  learn::CellJournal journal(folder, plan.told);
  const std::string cells = io::join_path(folder, learn::kBegunFolder);
  make_folder(cells);
  if (const int again = forget_to_try_again(options, plan, journal); again > 0) {
    log_info("tries again what has ended: " + format_count(again) + " of its cells");
  }
  Comparing comparing(options, plan, journal);
  const int signal = comparing.run();
  const report::Comparison comparison = comparison_of(options, plan, journal);
  write_report(folder, comparison);
  print(options.json ? json_line(comparison) : report::comparison_text(comparison));
  flush_output();
  if (signal != 0) throw Stopped(signal);
  if (comparing.failed() == 0) return kDone;
  throw Error(std::to_string(comparing.failed()) + " of its cells failed", folder,
              "Their files in " + cells + " say why; the same command tries them again");
}

}  // namespace fastformer::apps
