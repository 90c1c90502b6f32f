// What a run tells: a progress bar and a line per epoch for people, JSON Lines for programs.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/progress.h"
#include "config/json_text.h"
#include "io/files.h"
#include "learn/training/trainer.h"

namespace fastformer::learn {

// Observes a run: draws the bar, logs a line per epoch and appends to `path`:
//   {"event":"step","epoch":1,"step":100,"steps":900,"loss":..,"learning_rate":..,
//    "gradient_norm":..,"tokens_per_second":..}   (about two a second)
//   {"event":"epoch","epoch":1,"training_loss":..,"validation_loss":..,"accuracy":..,"best":true,
//    "seconds":..}
// and in each line of a part of the whole training, which begin_part names, "part":NAME.
class TrainingLog {
 public:
  // Goes on with a log that is there when `appends`: what was done between the run's last state and
  // its end then stands in it twice.
  TrainingLog(const std::string& path, std::string score_name, bool appends = false);

  // What follows is one training of several; an empty name: the last one, of the model itself.
  void begin_part(const std::string& name);
  TrainingObserver observer();
  void close();

 private:
  void on_step(const StepReport& report);
  void on_epoch(const EpochReport& report);
  void write(config::Json line);

  io::OutputFile file_;
  std::string score_name_;
  std::string part_;
  std::unique_ptr<ProgressBar> bar_;
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace fastformer::learn
