// What a run tells: a progress bar and a line per epoch for people, JSON Lines for programs.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/progress.h"
#include "io/files.h"
#include "learn/training/trainer.h"

namespace fastformer::learn {

// Observes a run: draws the bar, logs a line per epoch and appends to `path`:
//   {"event":"step","epoch":1,"step":100,"steps":900,"loss":..,"learning_rate":..,
//    "gradient_norm":..,"tokens_per_second":..}   (about two a second)
//   {"event":"epoch","epoch":1,"training_loss":..,"validation_loss":..,"accuracy":..,"best":true,
//    "seconds":..}
class TrainingLog {
 public:
  TrainingLog(const std::string& path, std::string score_name);

  TrainingObserver observer();
  void close();

 private:
  void on_step(const StepReport& report);
  void on_epoch(const EpochReport& report);

  io::OutputFile file_;
  std::string score_name_;
  std::unique_ptr<ProgressBar> bar_;
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace fastformer::learn
