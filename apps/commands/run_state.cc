// Files of a run: run.json says what it was told, checkpoint.safetensors how far it is.
#include "commands/run_state.h"

#include <fastformer/error.h>
#include <fastformer/version.h>

#include <bit>

#include "base/log.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kRunFile[] = "run.json";
constexpr char kStateFile[] = "checkpoint.safetensors";
constexpr char kTraining[] = "training";  // in the state's texts: a training had begun

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::tensor(at::ArrayRef<float>(values), at::kFloat);
}

// Options that say how a run is kept, not what it does.
bool is_about_keeping(const config::Option& option) {
  return option.name == "resume" || option.name == "checkpoint-every" || option.name == "output";
}

}  // namespace

void ResumeOptions::describe(config::OptionSet& options) {
  options.add("resume", &resume, "go on with the run that was stopped in DIR.training")
      .add("checkpoint-every", &checkpoint_every, {0, 1e9},
           "seconds between states of the run that are kept for --resume; 0: only when it is "
           "stopped by SIGINT or SIGTERM");
}

bool is_finished(const std::string& output) {
  if (!io::is_directory(output)) return false;
  log_info(output + " is finished");
  return true;
}

Json told_before(const std::string& output, const std::string& command,
                 const config::OptionSet& given) {
  const std::string folder =
      std::string(io::without_final_slashes(output)) + model::kTrainingSuffix;
  const std::string path = io::join_path(folder, kRunFile);
  if (!io::exists(path)) {
    throw Error("there is no run to go on with", folder,
                io::exists(folder) ? "Remove it and begin anew" : "Leave out --resume");
  }
  const Json told = config::parse_json<Json>(io::read_file(path), path);
  const auto is_text = [&](const char* key) {
    return told.is_object() && told.contains(key) && told[key].is_string();
  };
  if (!is_text("command") || !told.contains("options") || !told["options"].is_object()) {
    throw Error("does not say what the run was told", path, "Remove the folder and begin anew");
  }
  if (told["command"] != command) {
    throw Error("is of fastformer " + told["command"].get<std::string>(), path);
  }
  for (const config::Option& option : given.options()) {
    if (option.source <= config::Source::kPreset || is_about_keeping(option)) continue;
    const Json now = option.get_json();
    const Json before = told["options"].value(option.key(), Json());
    if (now != before) {
      throw usage_error("is " + now.dump() + ", and " + before.dump() + " in the run in " + folder,
                        "--" + option.name, "Leave it out with --resume");
    }
  }
  return told;
}

RunState::RunState(const io::WorkFolder& folder, const ResumeOptions& options)
    : folder_(folder), between_(options.checkpoint_every), has_kept_(options.resume) {
  const std::string path = folder.file(kStateFile);
  if (!io::exists(path)) return;
  read_.emplace(path);
  read(*read_);
}

void RunState::begin(const std::string& command, const config::OptionSet& options, Json more) {
  const Json told = {{"command", command},
                     {"version", kVersion},
                     {"options", options.to_json()},
                     {"more", std::move(more)}};
  io::write_file_atomically(folder_.file(kRunFile), told.dump(2) + "\n");
}

void RunState::check_rows(std::uint64_t fingerprint) {
  const auto rows = std::bit_cast<std::int64_t>(fingerprint);
  if (read_ && rows != rows_) {
    throw Error("the rows are not those that the run began with", folder_.path(),
                "Bring the files back as they were, or remove the folder and begin anew");
  }
  rows_ = rows;
}

void RunState::set_tuning(Json tuning) {
  tuning_ = std::move(tuning);
  write(nullptr);
}

void RunState::add_done(const learn::HeldOut& held_out) {
  held_out_.append(held_out);
  ++done_;
  read_.reset();
  write(nullptr);
  stop_if_asked();
}

learn::Continuation RunState::next() {
  const bool is_within = read_ && !read_->text(kTraining).empty();
  return {this, is_within ? &*read_ : nullptr};
}

bool RunState::is_due() {
  if (StopSignals::asked() != 0) return true;
  return between_.count() > 0 && std::chrono::steady_clock::now() - last_ >= between_;
}

void RunState::keep(const learn::Checkpoint& state) {
  write(&state);
  stop_if_asked();
}

void RunState::stop_if_asked() const {
  if (StopSignals::asked() == 0) return;
  log_info("stopped; the run so far is kept in " + folder_.path() +
           ", and --resume goes on with it");
  throw Stopped(StopSignals::asked());
}

void RunState::write(const learn::Checkpoint* training) {
  learn::Checkpoint state;
  state.put("run.rows", rows_);
  state.put("run.done", std::int64_t{done_});
  state.put("run.held_out.wide", tensor_of(held_out_.wide));
  state.put("run.held_out.encoder", tensor_of(held_out_.encoder));
  state.put("run.held_out.targets", tensor_of(held_out_.targets));
  if (!tuning_.is_null()) state.put_text("tuning", tuning_.dump());
  if (training) {
    state.put_text(kTraining, "1");
    state.add(*training);
  }
  state.write(folder_.file(kStateFile));
  has_kept_ = true;
  last_ = std::chrono::steady_clock::now();
}

void RunState::read(const learn::Checkpoint& state) {
  rows_ = state.integer("run.rows");
  done_ = static_cast<int>(state.integer("run.done"));
  held_out_.wide = state.floats("run.held_out.wide");
  held_out_.encoder = state.floats("run.held_out.encoder");
  held_out_.targets = state.floats("run.held_out.targets");
  const std::string tuning = state.text("tuning");
  if (!tuning.empty()) tuning_ = config::parse_json<Json>(tuning, folder_.file(kStateFile));
}

void RunState::finish() {
  read_.reset();
  for (const std::string& name : {std::string(kRunFile), std::string(kStateFile),
                                  std::string(kStateFile) + learn::Checkpoint::kNextSuffix}) {
    if (io::exists(folder_.file(name))) io::remove_file(folder_.file(name));
  }
}

void make_trained_folder(const std::string& output, const ResumeOptions& options,
                         const std::function<void(const io::WorkFolder&, RunState&)>& train) {
  io::WorkFolder folder(output, model::kTrainingSuffix,
                        options.resume ? io::WorkStart::kAgain : io::WorkStart::kNew);
  RunState run(folder, options);
  try {
    train(folder, run);
    run.finish();
  } catch (const Error& error) {
    if (run.has_kept()) {
      throw Error(error.what(), "",
                  "The run so far is kept in " + folder.path() + ", and --resume goes on with it",
                  error.kind());
    }
    folder.discard();
    throw;
  } catch (...) {
    if (!run.has_kept()) folder.discard();
    throw;
  }
  folder.commit();
  log_info("wrote " + folder.final_path());
}

}  // namespace fastformer::apps
