// A digest does not depend on how bytes are cut, and every bit counts.
#include "base/digest.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace fastformer {
namespace {

std::string digest_of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

TEST(DigestTest, CallsDoNotMatter) {
  Random random(1);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(random.below(256));
  for (int repeat = 0; repeat < 100; ++repeat) {
    Digest digest;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = random.below(70);
      digest.add(std::string_view(bytes).substr(at, count));
      at += count;
    }
    EXPECT_EQ(digest.hex(), digest_of(bytes));
  }
}

TEST(DigestTest, EveryBitAndTheLengthCount) {
  std::set<std::string> seen;
  for (std::size_t size = 0; size < 100; ++size) {
    EXPECT_TRUE(seen.insert(digest_of(std::string(size, '\0'))).second) << size;
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string bytes(size, '\0');
      bytes[bit / 8] = static_cast<char>(1U << (bit % 8));
      EXPECT_TRUE(seen.insert(digest_of(bytes)).second) << size << ' ' << bit;
    }
  }
}

TEST(DigestTest, IsTheSameEverywhere) {
  EXPECT_EQ(digest_of(""), "23bbe8865343ddbaa9f0284acca2a3e8");
  EXPECT_EQ(digest_of("fastformer reads every token once"), "df9adb3e7fad9ab6e94753a5d453de99");
}

}  // namespace
}  // namespace fastformer
