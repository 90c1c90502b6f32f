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

}  // namespace
}  // namespace fastformer
