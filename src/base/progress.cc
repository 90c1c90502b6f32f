// Drawing of the progress line.
#include "base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/strings.h"

namespace fastformer {
namespace {

constexpr int kBarCells = 24;

std::string bar(double share) {
  const int filled = std::clamp(static_cast<int>(share * kBarCells), 0, kBarCells);
  std::string cells(static_cast<std::size_t>(filled), '=');
  if (filled < kBarCells) cells += '>';
  cells.resize(kBarCells, ' ');
  return "[" + cells + "]";
}

}  // namespace

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof(text), "%lld:%02d:%02d", static_cast<long long>(whole / 3600),
                  static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
  } else {
    std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(whole / 60),
                  static_cast<int>(whole % 60));
  }
  return text;
}

ProgressBar::ProgressBar(std::string label, std::int64_t total)
    : label_(std::move(label)),
      total_(total),
      visible_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::update(std::int64_t done, const std::string& note) {
  if (!visible_) return;
  const auto now = Clock::now();
  if (drawn_ && now - last_draw_ < std::chrono::milliseconds(100)) return;
  last_draw_ = now;
  std::string line = "\r\x1b[K" + label_ + " ";
  if (total_ > 0) {
    const double share =
        std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0., 1.);
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    line += bar(share) + " " + format_fixed(100 * share, 0) + "%";
    if (!note.empty()) line += "  " + note;
    if (share > 0) line += "  " + format_duration(elapsed * (1 - share) / share) + " left";
  } else {
    line += format_count(done);
    if (!note.empty()) line += "  " + note;
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace fastformer
