// A progress line that overwrites itself, on a terminal only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fastformer {

// Draws "LABEL [=====>    ] 42% NOTE, 1:23 left" on stderr when that is a terminal, else nothing.
// At most ten redraws a second. The line is wiped when the bar ends.
class ProgressBar {
 public:
  // `total` <= 0 means that the end is not known: the count is shown instead of a share.
  ProgressBar(std::string label, std::int64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(std::int64_t done, const std::string& note = "");
  // Wipes the line so that other output can be written; the next update draws it again.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  std::int64_t total_;
  bool visible_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_draw_;
};

// Seconds as "1:23" or "2:03:04".
std::string format_duration(double seconds);

}  // namespace fastformer
