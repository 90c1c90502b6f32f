// Runs fastformer train, evaluate and bench-encoder for a cell.
#include "commands/compare_run.h"

#include <fastformer/error.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "commands/compare_machine.h"
#include "config/json_text.h"
#include "io/files.h"
#include "learn/encoders/operations.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

// By way of /proc, so that links and PATH do not matter.
std::string running_program() {
  std::string path(4096, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) throw Error("does not say which program runs", "/proc/self/exe");
  path.resize(static_cast<std::size_t>(length));
  return path;
}

std::string last_line(const std::string& path) {
  if (!io::exists(path)) return "";
  std::string last;
  for (const std::string& line : split(io::read_file(path), '\n')) {
    if (!trim(line).empty()) last = line;
  }
  return last;
}

// Where the machine stands that a training was begun on.
std::string machine_file(const std::string& model) { return model + ".machine"; }

// Whether a training that was stopped can go on there: on the machine and with the threads that its
// time is of.
bool can_resume(const std::string& model, const Json& machine) {
  const std::string file = machine_file(model);
  return io::exists(io::join_path(model + model::kTrainingSuffix, kToldFile)) && io::exists(file) &&
         io::read_file(file) == machine.dump();
}

void remove_model(const std::string& model) {
  io::remove_tree(model);
  io::remove_tree(model + model::kTrainingSuffix);
  io::remove_tree(machine_file(model));
}

double number_in(const Json& object, const char* key) {
  const bool has = object.is_object() && object.contains(key) && object[key].is_number();
  return has ? object[key].get<double>() : 0;
}

// What a trained model and its evaluation say of themselves.
Json facts_of(const std::string& path, const Json& evaluation) {
  const model::ModelFolder folder = model::ModelFolder::open(path);
  const Json metrics = folder.metrics();
  const double rows = number_in(evaluation, "examples"), tokens = number_in(evaluation, "tokens");
  const bool is_multi = folder.config().is_multi();
  Json facts = {
      {"accuracy", number_in(evaluation, is_multi ? "exact_match" : "accuracy")},
      {"macro_f1", number_in(evaluation, "macro_f1")},
      {"training_seconds", number_in(metrics, "training_seconds")},
      {"training_tokens", number_in(metrics, "training_tokens")},
      {"use_seconds", number_in(evaluation, "seconds")},
      {"use_tokens", tokens},
      {"use_memory", number_in(evaluation, "peak_memory_bytes")},
      {"parameters", folder.parameters()},
      {"operations", learn::operations_per_token(folder.config(), tokens / std::max(1.0, rows))}};
  if (is_multi) facts["micro_f1"] = number_in(evaluation, "micro_f1");
  return facts;
}

}  // namespace

CellRunner::CellRunner(const CompareOptions& options, const ComparePlan& plan, std::string folder,
                       std::function<void()> wait)
    : options_(options),
      plan_(plan),
      folder_(std::move(folder)),
      wait_(std::move(wait)),
      limits_(options),
      self_(running_program()),
      lean_(io::join_path(io::parent_path(self_), "fastformer")) {
  if (!io::exists(lean_)) lean_ = self_;
}

std::optional<Json> CellRunner::run(const learn::Cell& cell) const {
  if (io::exists(talk_of(cell))) io::remove_file(talk_of(cell));
  return cell.is_sweep() ? sweep(cell) : train_and_evaluate(cell);
}

std::optional<Json> CellRunner::train_and_evaluate(const learn::Cell& cell) const {
  const std::string model = file_of(cell);
  std::vector<std::string> words = {self_, "train", "--output=" + model};
  const Json machine = machine_of(options_);
  words.push_back("--threads=" + machine.at("threads").dump());
  if (can_resume(model, machine)) {
    words.emplace_back("--resume");  // with what else it was told
  } else {
    remove_model(model);
    io::write_file_atomically(machine_file(model), machine.dump());
    const std::vector<std::string>& flags = plan_.flags[cell.variant];
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back("--seed=" + std::to_string(cell.number));
  }
  const Outcome training = run_words(cell, words);
  // A training whose loss was not finite at last says so by its code and leaves its best model.
  if (!training.is_done && !io::exists(io::join_path(model, model::kConfigFile))) {
    remove_model(model);
    return ended_or_failed(cell, training);
  }
  words = {lean_, "evaluate", "--json", "--model=" + model};
  for (const std::string& file : options_.test) words.push_back("--data=" + file);
  words.push_back("--threads=" + std::to_string(options_.train.training.threads));
  words.push_back("--device=" + options_.train.training.device);
  words.insert(words.end(), plan_.evaluation_flags.begin(), plan_.evaluation_flags.end());
  const Outcome use = run_words(cell, words);
  if (!use.is_done) {
    remove_model(model);
    return ended_or_failed(cell, use);
  }
  const auto evaluation = config::parse_json<Json>(use.child.output, "fastformer evaluate");
  if (const double unknown = number_in(evaluation, "unknown_labels"); unknown > 0) {
    log_warning(format_count(static_cast<std::int64_t>(unknown)) + " of " +
                format_count(static_cast<std::int64_t>(number_in(evaluation, "examples"))) +
                " test rows have a label that no training row has");
  }
  Json result = facts_of(model, evaluation);
  result["training_memory"] = training.child.peak_memory;
  if (options_.keep_models) {
    io::remove_tree(machine_file(model));
  } else {
    remove_model(model);
  }
  return result;
}

std::optional<Json> CellRunner::sweep(const learn::Cell& cell) const {
  std::vector<std::string> words = {self_, "bench-encoder"};
  const std::vector<std::string>& flags = plan_.flags[cell.variant];
  words.insert(words.end(), flags.begin(), flags.end());
  words.push_back("--length=" + std::to_string(cell.number));
  words.push_back("--tokens=" + std::to_string(options_.sweep_tokens));
  if (cell.kind == learn::CellKind::kTraining) words.emplace_back("--training");
  if (cell.kind == learn::CellKind::kUse) words.emplace_back("--precision=float32");
  if (cell.kind == learn::CellKind::kUseBFloat16) words.emplace_back("--precision=bfloat16");
  const double limit = limits_.sweep_seconds;
  if (limit > 0) words.push_back("--seconds=" + format_double(std::min(1.0, limit / 60)));
  const Outcome outcome = run_words(cell, words);
  if (!outcome.is_done) return ended_or_failed(cell, outcome);
  const Json found = config::parse_json<Json>(outcome.child.output, "bench-encoder");
  return Json{{"tokens_per_second", number_in(found, "tokens_per_second")},
              {"seconds", number_in(found, "seconds")},
              {"repetitions", number_in(found, "repetitions")},
              {"memory", outcome.child.peak_memory}};
}

CellRunner::Outcome CellRunner::run_words(const learn::Cell& cell,
                                          const std::vector<std::string>& words) const {
  const auto stop = [this] {
    wait_();
    return StopSignals::asked() != 0;
  };
  const double seconds = limits_.seconds_of(cell);
  Outcome outcome;
  outcome.child = io::run_child(words, talk_of(cell), {seconds, limits_.memory}, stop);
  const io::ChildResult& child = outcome.child;
  outcome.is_done = child.end == io::ChildEnd::kExit && child.code == kDone;
  if (outcome.is_done) return outcome;
  // A terminal's signal reaches the child by itself, and may end it before anyone asks here.
  obey_stop_signal();
  const bool is_full = child.end == io::ChildEnd::kExit &&
                       last_line(talk_of(cell)).find("out of memory") != std::string::npos;
  if (child.end == io::ChildEnd::kOverTime) {
    outcome.ended = ended_by_time(seconds);
  } else if (child.end == io::ChildEnd::kOverMemory) {
    outcome.ended = ended_by_memory(limits_.memory);
  } else if (is_full) {
    outcome.ended = {{"ended", "out of memory"}};
  } else if (child.end == io::ChildEnd::kSignal && child.code == SIGKILL) {
    outcome.ended = {{"ended", "killed, perhaps for lack of memory"}};
  } else if (child.end == io::ChildEnd::kExit && child.code == kWrongUsage) {
    throw Error(printable(last_line(talk_of(cell)), 1000), cell.name, "", ErrorKind::kUsage);
  }
  return outcome;
}

std::optional<Json> CellRunner::ended_or_failed(const learn::Cell& cell,
                                                const Outcome& outcome) const {
  if (!outcome.ended.is_null()) return outcome.ended;
  const std::string said = printable(last_line(talk_of(cell)), 1000);
  log_warning(cell.name + " failed: " + (said.empty() ? "it said nothing" : said) + " (" +
              talk_of(cell) + ")");
  return {};
}

std::string CellRunner::file_of(const learn::Cell& cell) const {
  return io::join_path(folder_, learn::file_name_of(cell.name));
}

std::string CellRunner::talk_of(const learn::Cell& cell) const { return file_of(cell) + ".log"; }

}  // namespace fastformer::apps
