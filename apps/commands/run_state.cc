// checkpoint.safetensors: how far a run is.
#include "commands/run_state.h"

#include <fastformer/error.h>

#include <bit>
#include <limits>

#include "base/log.h"
#include "base/random.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kStateFile[] = "checkpoint.safetensors";
constexpr char kTraining[] = "training";  // in the state's texts: a training had begun

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::tensor(at::ArrayRef<float>(values), at::kFloat);
}

void remove_run_files(const std::string& folder) {
  for (const std::string& name : io::list_directory(folder)) {
    if (name == kToldFile || name.starts_with(kStateFile))
      io::remove_file(io::join_path(folder, name));
  }
}

// Removes the files of a run from its model, which is whole with them too.
void tidy(const std::string& folder) {
  try {
    remove_run_files(folder);
  } catch (const Error& error) {
    log_warning(std::string(error.what()) + ". The model is whole; --resume would try again");
  }
}

// Removes what is left of a state that could not be written.
void remove_unfinished(const std::string& path) {
  try {
    if (io::exists(path)) io::remove_file(path);
  } catch (const Error&) {
    // Why the state could not be written is told instead, and the next one writes over it.
  }
}

}  // namespace

bool is_finished(const std::string& output) {
  const auto file = [&](const std::string& name) { return io::join_path(output, name); };
  if (!io::exists(file(model::kConfigFile)) || !io::exists(file(model::kTensorFile))) return false;
  tidy(output);  // of a run that was stopped between two calls
  log_info(output + " is finished");
  return true;
}

std::uint64_t fingerprint_of_files(const std::vector<std::string>& paths) {
  std::uint64_t hash = 0;
  const auto add = [&](const std::string& path) {
    const io::MappedFile file(path);
    const std::span<const std::byte> bytes = file.bytes();
    hash = hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, hash);
  };
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    if (!io::is_directory(path)) {
      add(path);
      continue;
    }
    for (const std::string& name : io::list_directory(path)) {
      if (io::status_of(io::join_path(path, name)).is_regular) add(io::join_path(path, name));
    }
  }
  return hash;
}

RunState::RunState(const io::WorkFolder& folder, const ResumeOptions& options)
    : folder_(folder), between_(options.checkpoint_every), has_kept_(options.resume) {
  const std::string path = folder.file(kStateFile);
  if (!io::exists(path)) return;
  read_.emplace(path);
  read(*read_);
}

void RunState::check_rows(std::uint64_t fingerprint) {
  const auto rows = std::bit_cast<std::int64_t>(fingerprint);
  if (read_ && rows != rows_) {
    throw Error("the rows are not those that the run began with", folder_.path(),
                "Bring the files back as they were, or remove the folder and begin anew");
  }
  rows_ = rows;
}

void RunState::check_parts(int parts, std::size_t labels) const {
  const std::size_t scores = held_out_.encoder.size();
  const bool fits = done_ >= 0 && done_ <= parts && held_out_.targets.size() == scores &&
                    (held_out_.wide.empty() || held_out_.wide.size() == scores) &&
                    scores % labels == 0 && (scores > 0) == (done_ > 0);
  if (read_) read_->require(fits, "does not fit the run's parts");
}

void RunState::set_tuning(Json tuning) {
  tuning_ = std::move(tuning);
  keep_now(nullptr);
}

void RunState::add_done(const learn::HeldOut& held_out) {
  held_out_.append(held_out);
  ++done_;
  keep_now(nullptr);
}

learn::Continuation RunState::next() {
  const bool is_within = read_ && !read_->text(kTraining).empty();
  return {this, is_within ? &*read_ : nullptr};
}

bool RunState::is_due(bool is_last) {
  if (is_last || StopSignals::asked() != 0) return true;
  return between_.count() != 0 && std::chrono::steady_clock::now() - last_ >= between_;
}

void RunState::keep(const learn::Checkpoint& state) { keep_now(&state); }

void RunState::keep_now(const learn::Checkpoint* training) {
  read_.reset();
  last_ = std::chrono::steady_clock::now();
  try {
    write(training);
  } catch (const Error& error) {
    remove_unfinished(folder_.file(kStateFile) + learn::Checkpoint::kNextSuffix);
    if (StopSignals::asked() != 0) throw;
    if (!is_behind_) {
      log_warning(std::string(error.what()) +
                  ". Until then the run goes on, and --resume would from " +
                  (has_kept_ ? "an earlier state" : "its beginning"));
    }
    is_behind_ = true;
  }
  obey_stop_signal();
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
  is_behind_ = false;
}

void RunState::read(const learn::Checkpoint& state) {
  rows_ = state.integer("run.rows");
  const std::int64_t done = state.integer("run.done");
  state.require(done >= 0 && done <= std::numeric_limits<int>::max(), "has no such part");
  done_ = static_cast<int>(done);
  held_out_.wide = state.floats("run.held_out.wide");
  held_out_.encoder = state.floats("run.held_out.encoder");
  held_out_.targets = state.floats("run.held_out.targets");
  const std::string tuning = state.text("tuning");
  if (!tuning.empty()) tuning_ = config::parse_json<Json>(tuning, folder_.file(kStateFile));
}

void make_trained_folder(const std::string& output, const ResumeOptions& options,
                         const std::function<void(const io::WorkFolder&, RunState&)>& train) {
  io::WorkFolder folder(
      output, model::kTrainingSuffix, options.resume ? io::WorkStart::kAgain : io::WorkStart::kNew,
      "Go on with that run by --resume, remove it, or choose another output folder");
  std::optional<RunState> run;
  const auto has_kept = [&run] { return run && run->has_kept(); };
  const StopSignals signals;
  try {
    run.emplace(folder, options);
    train(folder, *run);
  } catch (const Stopped&) {
    log_info(has_kept() ? "stopped; the run so far is kept in " + folder.path() +
                              ", and --resume goes on with it"
                        : "stopped before there was anything to keep");
    if (!has_kept()) folder.discard();
    throw;
  } catch (const Error& error) {
    if (has_kept()) {
      throw Error(error.what(), "", "The run so far is kept for --resume in " + folder.path(),
                  error.kind());
    }
    if (!options.resume) folder.discard();
    throw;
  } catch (...) {
    if (!options.resume && !has_kept()) folder.discard();
    throw;
  }
  folder.commit();
  tidy(folder.final_path());
  log_info("wrote " + folder.final_path());
}

}  // namespace fastformer::apps
