// A run of training that can be taken up again: its state in the working folder.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands/told_run.h"
#include "learn/training/trainer.h"
#include "learn/wide/branch_report.h"

namespace fastformer::apps {

// Whether the model folder `output` is there, so that no run is left to go on with; says so.
bool is_finished(const std::string& output);

// A hash of the bytes of files that a run reads beside its rows; of a folder, of those in it. Empty
// names are left out.
std::uint64_t fingerprint_of_files(const std::vector<std::string>& paths);

// The state of one run. A run is one training or several, numbered from 0, of which all but the
// last hold out a part of the rows.
class RunState : public learn::StateKeeper {
 public:
  // Reads the state that is in the folder, if any.
  RunState(const io::WorkFolder& folder, const ResumeOptions& options);

  // Throws unless the run began with the same rows; `fingerprint` is a hash of them.
  void check_rows(std::uint64_t fingerprint);

  // What a search for settings found, or has tried so far, or null; kept as soon as it is set.
  const config::Json& tuning() const { return tuning_; }
  void set_tuning(config::Json tuning);

  // Trainings that are done, and what they held out. check_parts throws unless that fits a run of
  // so many parts with so many labels.
  void check_parts(int parts, std::size_t labels) const;
  int done() const { return done_; }
  const learn::HeldOut& held_out() const { return held_out_; }
  void add_done(const learn::HeldOut& held_out);

  // The state that the next training goes on from, with which it is to be trained.
  learn::Continuation next();

  // Now and then, and at the end: what comes after it takes its time too.
  bool is_due(bool is_last) override;
  void keep(const learn::Checkpoint& state) override;

  // Whether something is kept that --resume can go on with.
  bool has_kept() const { return has_kept_; }

 private:
  // Writes a state. One that cannot be written is a warning, since training can go on, unless the
  // run is to stop now.
  void keep_now(const learn::Checkpoint* training);
  void write(const learn::Checkpoint* training);
  void read(const learn::Checkpoint& state);

  const io::WorkFolder& folder_;
  std::chrono::duration<double> between_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool has_kept_;
  bool is_behind_ = false;                 // the last state could not be written
  std::optional<learn::Checkpoint> read_;  // of the run that was stopped
  std::int64_t rows_ = 0;
  config::Json tuning_;
  int done_ = 0;
  learn::HeldOut held_out_;
};

// Makes the model folder `output` by a run that can be taken up again: `train` fills a working
// folder, which becomes `output` when it returns, without the files of the run. When it throws,
// the working folder stays if a state of the run is in it and is removed otherwise. Throws when
// `output` exists. Signals to stop are noted meanwhile: `train` is to throw Stopped.
void make_trained_folder(const std::string& output, const ResumeOptions& options,
                         const std::function<void(const io::WorkFolder&, RunState&)>& train);

}  // namespace fastformer::apps
