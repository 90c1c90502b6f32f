// SIGINT, SIGTERM and SIGHUP for work that has something to save before it ends.
#pragma once

#include <exception>

#include "base/parallel.h"

namespace fastformer {

// While an object of this class lives, a first SIGINT, SIGTERM or SIGHUP is noted instead of
// obeyed; a second one of the same kind ends the program at once. One that the program was told to
// ignore (nohup, a job in the background) stays ignored. One object at a time; what was noted stays
// noted.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that came, or 0.
  static int asked();
};

// Thrown when the work has been saved after such a signal: the program ends with exit code 128 +
// signal, as a shell reports one that was killed by it.
class Stopped : public std::exception {
 public:
  explicit Stopped(int signal) : signal_(signal) {}

  int exit_code() const { return 128 + signal_; }
  const char* what() const noexcept override { return "stopped by a signal"; }

 private:
  int signal_;
};

// Throws Stopped once a signal was noted.
void obey_stop_signal();

// `threads`, but once a signal was noted each range throws Stopped in place of running.
ParallelFor until_stopped(ParallelFor threads);

}  // namespace fastformer
