// Arrays are the same in memory and in a file.
#include "io/large_array.h"

#include <vector>

#include "faulty_operations.h"
#include "temporary_folder.h"

namespace fastformer::io {
namespace {

class FullDisk : public Operations {
 public:
  int allocate(int, std::size_t) override {
    errno = ENOSPC;
    return -1;
  }
};

TEST(LargeArrayTest, GrowsInMemoryAndInAFile) {
  const TemporaryFolder folder;
  for (const std::size_t most : {std::size_t{0}, std::size_t{100'000}, std::size_t{1} << 30}) {
    LargeArray<std::int32_t> array({folder.path(), most});
    std::vector<std::int32_t> expected;
    for (std::int32_t i = 0; i < 300; ++i) {
      const std::vector<std::int32_t> more(static_cast<std::size_t>(3 * i), i);
      array.append(more);
      expected.insert(expected.end(), more.begin(), more.end());
      if (i % 50 == 0) array.release();
    }
    EXPECT_EQ(array.is_in_file(), most < 500'000);
    ASSERT_EQ(array.size(), expected.size());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), array.data()));
    const LargeArray<std::int32_t> moved = std::move(array);
    EXPECT_EQ(moved.slice(3, 6)[0], 2);
    EXPECT_TRUE(list_directory(folder.path()).empty());
  }
}

TEST(LargeArrayTest, NewValuesAreZero) {
  const TemporaryFolder folder;
  LargeArray<double> array({folder.path(), 1 << 20});
  for (const std::size_t size : {10U, 100'000U, 300'000U}) {
    const std::size_t before = array.size();
    array.resize(size);
    for (std::size_t i = before; i < size; ++i) ASSERT_EQ(array.data()[i], 0);
  }
}

TEST(LargeArrayTest, SaysThatTheDiskIsFull) {
  const TemporaryFolder folder;
  FullDisk full;
  const ScopedOperations scope(&full);
  LargeArray<double> array({folder.path(), 1000});
  EXPECT_ERROR(array.resize(1000), "No space left on device");
  EXPECT_EQ(array.size(), 0u);
}

}  // namespace
}  // namespace fastformer::io
