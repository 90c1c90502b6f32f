// torch's threads: that there are several, and that they share out the work.
#include "learn/torch_threads.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "learn/precompiled.h"

namespace fastformer::learn {
namespace {

TEST(TorchThreadsTest, RangesRunOnSeveralThreadsAndCoverAll) {
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::vector<int> seen(100, 0);
  torch_parallel_for()(100, 10, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  at::set_num_threads(before);
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_EQ(seen, std::vector<int>(100, 1));
}

}  // namespace
}  // namespace fastformer::learn
