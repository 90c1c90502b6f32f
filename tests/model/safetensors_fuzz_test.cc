// Damaged tensor files: an error or a consistent result, never a crash.
#include <cstring>

#include "base/random.h"
#include "model/safetensors.h"
#include "temporary_folder.h"

namespace fastformer::model {
namespace {

// Checks whatever the parser accepted; returns whether it accepted.
bool survives(const std::string& bytes) {
  try {
    const SafetensorsContent content = parse_safetensors(std::as_bytes(std::span(bytes)), "f");
    const std::byte* end = std::as_bytes(std::span(bytes)).data() + bytes.size();
    std::size_t covered = 0;
    for (const auto& [name, tensor] : content.tensors) {
      covered += tensor.bytes.size();
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), end);
    }
    EXPECT_LE(covered, bytes.size());
    EXPECT_EQ(content.names.size(), content.tensors.size());
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string sample() {
  const TemporaryFolder folder;
  const std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> integers = {1, 2};
  const std::vector<NamedTensor> tensors = {named_tensor("first", {2, 3}, std::span(floats)),
                                            named_tensor("second", {2}, std::span(integers))};
  write_safetensors(folder.file("x"), tensors, {{"key", "value"}});
  return io::read_file(folder.file("x"));
}

TEST(SafetensorsFuzzTest, EveryCutIsAnError) {
  const std::string bytes = sample();
  ASSERT_TRUE(survives(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(survives(bytes.substr(0, size))) << size;
  }
}

TEST(SafetensorsFuzzTest, FlippedBitsNeverCrash) {
  const std::string bytes = sample();
  const std::size_t data = bytes.size() - 40;
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * data; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    accepted += survives(damaged) ? 1 : 0;
  }
  // Some letters of names and metadata may change; structure may not.
  EXPECT_LT(accepted, static_cast<int>(2 * data));
}

TEST(SafetensorsFuzzTest, RandomEditsNeverCrash) {
  const std::string bytes = sample();
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    Random random(seed);
    std::string damaged = bytes;
    for (std::uint64_t edits = random.below(6) + 1; edits > 0; --edits) {
      const std::size_t at = random.below(damaged.size());
      const std::size_t length = std::min(random.below(9), damaged.size() - at - 1);
      const std::size_t from = random.below(damaged.size() - length);
      switch (random.below(4)) {
        case 0:
          damaged[at] = static_cast<char>(random.next());
          break;
        case 1:
          damaged.erase(at, length);
          break;
        case 2:
          damaged.insert(at, damaged.substr(from, length));
          break;
        default:
          damaged[at] = "{}[]\",:0123456789-"[random.below(18)];
      }
    }
    survives(damaged);
  }
}

TEST(SafetensorsFuzzTest, RandomBytesAreErrors) {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    std::string bytes(random.below(200), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.next());
    // Half of them with a header length that fits, so that the parser sees the rest.
    const std::uint64_t length = bytes.size() > 8 ? random.below(bytes.size() - 7) : 0;
    if (bytes.size() > 8 && seed % 2 == 0) std::memcpy(bytes.data(), &length, 8);
    EXPECT_FALSE(survives(bytes)) << seed;
  }
}

}  // namespace
}  // namespace fastformer::model
