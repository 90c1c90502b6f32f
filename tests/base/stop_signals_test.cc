// Signals that are noted; each test in a process of its own, since what was noted stays noted.
#include "base/stop_signals.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace fastformer {
namespace {

// Ends with the exit code of what it throws, or 1.
template <typename Body>
[[noreturn]] void end_by(const Body& body) {
  try {
    body();
  } catch (const Stopped& stopped) {
    std::_Exit(stopped.exit_code());
  }
  std::_Exit(1);
}

TEST(StopSignalsTest, RangesRunUntilASignalWasNoted) {
  const auto run = [] {
    const StopSignals signals;
    const ParallelFor threads = until_stopped(serial_for());
    int ranges = 0;
    threads(10, 1, [&](std::int64_t begin, std::int64_t end) {
      ranges += begin == 0 && end == 10;
      std::raise(SIGTERM);
    });
    if (ranges != 1) std::_Exit(2);
    threads(10, 1, [](std::int64_t, std::int64_t) { std::_Exit(3); });
  };
  EXPECT_EXIT(end_by(run), testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopSignalsTest, ThreadsOfAPoolStopToo) {
  const auto run = [] {
    std::signal(SIGINT, SIG_DFL);  // what runs in the background may ignore it
    const StopSignals signals;
    ThreadPool pool(3);
    const ParallelFor threads = until_stopped(pool.parallel_for());
    std::raise(SIGINT);
    threads(100, 1, [](std::int64_t, std::int64_t) { std::_Exit(3); });
  };
  EXPECT_EXIT(end_by(run), testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(StopSignalsTest, ASecondSignalEndsAtOnce) {
  const auto run = [] {
    const StopSignals signals;
    std::raise(SIGTERM);
    std::raise(SIGTERM);
  };
  EXPECT_EXIT(end_by(run), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace fastformer
