// The smallest of what the machine and the control groups leave.
#include "base/available_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace fastformer {
namespace {

class AvailableMemoryTest : public testing::Test {
 protected:
  AvailableMemoryTest()
      : root_(testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(root_);
  }
  ~AvailableMemoryTest() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  std::string root_;
};

TEST_F(AvailableMemoryTest, SaysNothingWhereNothingIsKnown) {
  EXPECT_FALSE(available_memory(root_));
}

TEST_F(AvailableMemoryTest, TakesTheMachinesWord) {
  write("/proc/meminfo", "MemTotal:  100 kB\nMemAvailable:      50 kB\n");
  EXPECT_EQ(available_memory(root_), 50 * 1024);
}

TEST_F(AvailableMemoryTest, AGroupLeavesLess) {
  write("/proc/meminfo", "MemAvailable: 50 kB\n");
  write("/proc/self/cgroup", "0::/user/run\n");
  write("/sys/fs/cgroup/user/run/memory.max", "30000\n");
  write("/sys/fs/cgroup/user/run/memory.current", "20000\n");
  write("/sys/fs/cgroup/user/run/memory.stat", "anon 1\nfile 5000\n");
  EXPECT_EQ(available_memory(root_), 15000);
  write("/sys/fs/cgroup/user/run/memory.max", "max\n");
  EXPECT_EQ(available_memory(root_), 50 * 1024);
}

TEST_F(AvailableMemoryTest, AGroupAroundItMayHaveLess) {
  write("/proc/self/cgroup", "0::/user/run\n");
  write("/sys/fs/cgroup/user/run/memory.max", "max\n");
  write("/sys/fs/cgroup/user/memory.max", "5000\n");
  write("/sys/fs/cgroup/user/memory.current", "2000\n");
  EXPECT_EQ(available_memory(root_), 3000);
}

TEST_F(AvailableMemoryTest, KnowsTheFirstVersion) {
  write("/proc/self/cgroup", "4:memory:/run\n3:cpu:/\n");
  write("/sys/fs/cgroup/memory/run/memory.limit_in_bytes", "9000\n");
  write("/sys/fs/cgroup/memory/run/memory.usage_in_bytes", "10000\n");
  write("/sys/fs/cgroup/memory/run/memory.stat", "cache 7\ntotal_cache 500\n");
  EXPECT_EQ(available_memory(root_), 0);
  write("/sys/fs/cgroup/memory/run/memory.usage_in_bytes", "1000\n");
  EXPECT_EQ(available_memory(root_), 8500);
}

TEST_F(AvailableMemoryTest, ThisMachineHasSome) { EXPECT_GT(available_memory().value_or(1), 0); }

}  // namespace
}  // namespace fastformer
