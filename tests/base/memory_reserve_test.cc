#include "base/memory_reserve.h"

#include <gtest/gtest.h>

#include <new>
#include <thread>

namespace fastformer {
namespace {

// What operator new does when it finds no memory.
void find_no_memory() { std::get_new_handler()(); }

TEST(MemoryReserveTest, IsGivenBackOnceWhenThereIsNoMemory) {
  MemoryReserve reserve(1000);
  find_no_memory();
  EXPECT_FALSE(reserve.release());
  EXPECT_THROW(find_no_memory(), std::bad_alloc);
}

TEST(MemoryReserveTest, TheInnermostGoesFirstAndItsScopeEndsIt) {
  MemoryReserve outer(1000);
  {
    MemoryReserve inner(1000);
    find_no_memory();
    EXPECT_FALSE(inner.release());
  }
  { const MemoryReserve unused(1000); }
  EXPECT_TRUE(outer.release());
  EXPECT_THROW(find_no_memory(), std::bad_alloc);
}

TEST(MemoryReserveTest, IsForItsThreadAlone) {
  MemoryReserve reserve(1000);
  std::thread([] { EXPECT_THROW(find_no_memory(), std::bad_alloc); }).join();
  EXPECT_TRUE(reserve.release());
}

int asked = 0;
std::new_handler before_theirs = nullptr;

// As another library may have one: it counts, and passes on.
void their_handler() {
  ++asked;
  if (!before_theirs) throw std::bad_alloc();
  before_theirs();
}

TEST(MemoryReserveTest, StandsBesideTheHandlersOfOthers) {
  { const MemoryReserve first(1000); }
  const std::new_handler ours = std::get_new_handler();
  before_theirs = std::set_new_handler(their_handler);
  EXPECT_EQ(before_theirs, ours);
  asked = 0;
  {
    MemoryReserve reserve(1000);
    EXPECT_EQ(std::get_new_handler(), ours);
    find_no_memory();
    EXPECT_EQ(asked, 0);
    EXPECT_FALSE(reserve.release());
    EXPECT_THROW(find_no_memory(), std::bad_alloc);  // theirs is asked, and asks ours again
    EXPECT_EQ(asked, 1);
    EXPECT_THROW(find_no_memory(), std::bad_alloc);
    EXPECT_EQ(asked, 2);
  }
}

}  // namespace
}  // namespace fastformer
