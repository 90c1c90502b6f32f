// The thread pool covers every item once, passes errors on and can be used again.
#include "base/parallel.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace fastformer {
namespace {

TEST(ThreadPoolTest, CoversEveryItemOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (std::int64_t count : {0, 1, 2, 17, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<std::size_t>(count));
      pool.run(count, 3, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++hits[static_cast<std::size_t>(i)];
      });
      for (const auto& hit : hits) EXPECT_EQ(hit, 1);
    }
  }
}

TEST(ThreadPoolTest, RethrowsAndStaysUsable) {
  ThreadPool pool(3);
  const auto fail = [](std::int64_t begin, std::int64_t) {
    if (begin > 10) throw std::runtime_error("broken");
  };
  EXPECT_THROW(pool.run(1000, 1, fail), std::runtime_error);
  std::atomic<std::int64_t> sum = 0;
  pool.run(100, 1, [&](std::int64_t begin, std::int64_t end) { sum += end - begin; });
  EXPECT_EQ(sum, 100);
}

// In a process of its own: the limit holds for the whole of it.
TEST(ThreadPoolTest, RefusedThreadsAreAnError) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the sanitizer itself needs more memory than the limit leaves";
#endif
#ifdef FASTFORMER_EMULATED
  GTEST_SKIP() << "the emulator knows no limits of memory";
#endif
  const auto refused = [] {
    const rlimit limit = {std::size_t{1} << 30, std::size_t{1} << 30};  // room for few stacks
    setrlimit(RLIMIT_AS, &limit);
    try {
      const ThreadPool pool(4000);
    } catch (const Error& error) {
      std::_Exit(std::string(error.what()).starts_with("threads: the system starts no more"));
    }
    std::_Exit(2);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(refused(), testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace fastformer
