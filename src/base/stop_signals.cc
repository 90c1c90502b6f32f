// Handlers that note a signal.
#include "base/stop_signals.h"

#include <csignal>
#include <cstddef>
#include <iterator>
#include <utility>

namespace fastformer {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t noted = 0;
struct sigaction before[std::size(kSignals)];

void note(int signal) { noted = signal; }

}  // namespace

StopSignals::StopSignals() {
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &before[i], nullptr);
  }
}

int StopSignals::asked() { return noted; }

void obey_stop_signal() {
  if (StopSignals::asked() != 0) throw Stopped(StopSignals::asked());
}

ParallelFor until_stopped(ParallelFor threads) {
  return [threads = std::move(threads)](
             std::int64_t count, std::int64_t grain,
             const std::function<void(std::int64_t begin, std::int64_t end)>& body) {
    threads(count, grain, [&body](std::int64_t begin, std::int64_t end) {
      obey_stop_signal();
      body(begin, end);
    });
  };
}

}  // namespace fastformer
