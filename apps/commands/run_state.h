// A run of training that can be taken up again: its options and its state in the working folder.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "command.h"
#include "io/work_folder.h"
#include "learn/training/trainer.h"
#include "learn/wide/branch_report.h"

namespace fastformer::apps {

// How a run is kept and taken up again; part of the options of every command that trains.
struct ResumeOptions {
  bool resume = false;
  double checkpoint_every = 300;  // seconds

  void describe(config::OptionSet& options);
};

// Whether the model folder `output` is there, so that no run is left to go on with; says so.
bool is_finished(const std::string& output);

// What the run in the working folder of the model folder `output` was told, as JSON that
// RunState::begin was given. Options of `given` that the user has set must say the same; throws a
// usage error that names the first that does not, and an Error when there is no such run.
config::Json told_before(const std::string& output, const std::string& command,
                         const config::OptionSet& given);

// The state of one run. A run is one training or several, numbered from 0, of which all but the
// last hold out a part of the rows.
class RunState : public learn::StateKeeper {
 public:
  // Reads the state that is in the folder, if any.
  RunState(const io::WorkFolder& folder, const ResumeOptions& options);

  // Notes what the run is told; `options` are all of the command's.
  void begin(const std::string& command, const config::OptionSet& options, config::Json more);

  // Throws unless the run began with the same rows; `fingerprint` is a hash of them.
  void check_rows(std::uint64_t fingerprint);

  // What a search for settings found, or null; kept as soon as it is set.
  const config::Json& tuning() const { return tuning_; }
  void set_tuning(config::Json tuning);

  // Trainings that are done, and what they held out.
  int done() const { return done_; }
  const learn::HeldOut& held_out() const { return held_out_; }
  void add_done(const learn::HeldOut& held_out);

  // The state that the next training goes on from, with which it is to be trained.
  learn::Continuation next();

  bool is_due() override;
  void keep(const learn::Checkpoint& state) override;

  // Whether something is kept that --resume can go on with.
  bool has_kept() const { return has_kept_; }
  // Removes all that is not part of the finished model.
  void finish();

 private:
  void stop_if_asked() const;
  void write(const learn::Checkpoint* training);
  void read(const learn::Checkpoint& state);

  const io::WorkFolder& folder_;
  std::chrono::duration<double> between_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool has_kept_;
  std::optional<learn::Checkpoint> read_;  // of the run that was stopped
  std::int64_t rows_ = 0;
  config::Json tuning_;
  int done_ = 0;
  learn::HeldOut held_out_;
};

// Makes the model folder `output` by a run that can be taken up again: `train` fills a working
// folder, which becomes `output` when it returns. When it throws, the working folder stays if a
// state of the run is in it and is removed otherwise. Throws when `output` exists.
void make_trained_folder(const std::string& output, const ResumeOptions& options,
                         const std::function<void(const io::WorkFolder&, RunState&)>& train);

}  // namespace fastformer::apps
