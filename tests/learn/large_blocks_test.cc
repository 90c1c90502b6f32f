// Blocks of large tensors are kept, and not too many.
#include "learn/training/large_blocks.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "learn/precompiled.h"

namespace fastformer::learn {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

class LargeBlocksTest : public testing::Test {
 protected:
  LargeBlocksTest() : before_(c10::GetCPUAllocator()) {
    keep_large_blocks();
    release_large_blocks();
  }
  ~LargeBlocksTest() override {
    release_large_blocks();
    c10::SetCPUAllocator(before_, 100);
  }

  static at::Tensor tensor(std::int64_t megabytes) {
    return at::empty({megabytes * kMegabyte}, at::kByte);
  }
  static std::int64_t held() {
    return static_cast<std::int64_t>(held_in_large_blocks()) / kMegabyte;
  }

 private:
  c10::Allocator* before_;
};

TEST_F(LargeBlocksTest, SmallTensorsAreNotTheirs) {
  const at::Tensor small = tensor(3);
  EXPECT_EQ(held(), 0);
}

TEST_F(LargeBlocksTest, ABlockIsUsedAgainForAboutItsSize) {
  at::Tensor first = tensor(40);
  const void* place = first.data_ptr();
  EXPECT_EQ(held(), 40);
  first.reset();
  EXPECT_EQ(held(), 40);
  const at::Tensor second = tensor(38);
  EXPECT_EQ(second.data_ptr(), place);
  const at::Tensor third = tensor(38);
  EXPECT_NE(third.data_ptr(), place);
  EXPECT_EQ(held(), 78);
}

TEST_F(LargeBlocksTest, SmallerOnesLieInBlocksOfWholePages) {
  at::Tensor first = tensor(5);
  const void* place = first.data_ptr();
  EXPECT_EQ(held(), 6);
  first.reset();
  const at::Tensor second = tensor(6);
  EXPECT_EQ(second.data_ptr(), place);
  const at::Tensor third = tensor(7);
  EXPECT_EQ(held(), 14);
}

TEST_F(LargeBlocksTest, NoMoreIsHeldThanWasInUseAtOnce) {
  for (std::int64_t size = 34; size < 200; size += 20) {
    tensor(size);
    EXPECT_LE(held(), std::max<std::int64_t>(size, 80));
  }
  { const at::Tensor a = tensor(100), b = tensor(100), c = tensor(100); }
  EXPECT_EQ(held(), 300);
  const at::Tensor other = tensor(250);
  EXPECT_LE(held(), 300);
  release_large_blocks();
  EXPECT_EQ(held(), 250);
}

TEST_F(LargeBlocksTest, ATensorMayOutliveTheChoice) {
  at::Tensor kept = tensor(40);
  c10::SetCPUAllocator(c10::GetDefaultCPUAllocator(), 100);
  kept.fill_(3);
  EXPECT_EQ(kept.max().item<int>(), 3);
  kept.reset();
  release_large_blocks();
  EXPECT_EQ(held(), 0);
}

}  // namespace
}  // namespace fastformer::learn
