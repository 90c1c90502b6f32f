// Compressed input reads like plain input; what is cut, damaged or wrongly named is an error.
#include "io/input_stream.h"

#include <fcntl.h>

#include "base/random.h"
#include "compressed_bytes.h"
#include "faulty_operations.h"
#include "temporary_folder.h"

namespace fastformer::io {
namespace {

std::string read_all(const std::string& path, std::size_t step = 1 << 16) {
  const auto input = open_input(path);
  std::string bytes;
  std::string buffer(step, '\0');
  while (const std::size_t count = input->read(buffer)) bytes.append(buffer, 0, count);
  EXPECT_EQ(input->read(buffer), 0U) << "the end must stay the end";
  return bytes;
}

// Half noise, half repetition, so that compressed blocks of all kinds occur.
std::string sample(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes;
  while (bytes.size() < size) {
    if (random.below(2) == 0) {
      bytes += static_cast<char>(random.below(256));
    } else {
      bytes.append(random.below(50), 'a');
    }
  }
  bytes.resize(size);
  return bytes;
}

using Compress = std::string (*)(std::string_view);
struct Kind {
  const char* ending;
  Compress compress;
};
class CompressedTest : public testing::TestWithParam<Kind> {
 protected:
  std::string packed(std::string_view bytes) const { return GetParam().compress(bytes); }
  std::string write(std::string_view bytes) const {
    return folder_.write("file" + std::string(GetParam().ending), bytes);
  }
  TemporaryFolder folder_;
};

TEST_P(CompressedTest, ReadsMembersInARowAsOne) {
  const std::vector<std::size_t> sizes = {0, 1, 1000, 0, 300000, 5};
  std::string plain, file;
  for (const std::size_t size : sizes) {
    plain += sample(size, size);
    file += packed(sample(size, size));
  }
  const std::string path = write(file);
  for (const std::size_t step : {1, 7, 4096, 1 << 20}) EXPECT_EQ(read_all(path, step), plain);
}

TEST_P(CompressedTest, SurvivesInterruptedOneByteReads) {
  const std::string path = write(packed(sample(2000, 1)) + packed("end"));
  FaultyOperations faulty;
  faulty.interrupt();
  const ScopedOperations scope(&faulty);
  EXPECT_EQ(read_all(path), sample(2000, 1) + "end");
}

TEST_P(CompressedTest, EveryCutIsAnError) {
  const std::string file = packed(sample(300, 2));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string path = write(file.substr(0, size));
    EXPECT_THROW(read_all(path), Error) << size << " of " << file.size();
  }
}

TEST_P(CompressedTest, ACutInALaterMemberIsAnError) {
  const std::string first = packed("first"), second = packed(sample(300, 3));
  EXPECT_EQ(read_all(write(first + second)), "first" + sample(300, 3));
  for (std::size_t size = 1; size < second.size(); ++size) {
    EXPECT_THROW(read_all(write(first + second.substr(0, size))), Error) << size;
  }
}

TEST_P(CompressedTest, FlippedBitsNeverChangeTheContentSilently) {
  const std::string plain = sample(400, 4);
  const std::string file = packed(plain);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    try {
      // Some bytes of the header (time stamp, operating system) mean nothing.
      EXPECT_EQ(read_all(write(damaged)), plain) << at;
    } catch (const Error&) {
    }
  }
}

TEST_P(CompressedTest, SaysWhenTheNameIsWrong) {
  EXPECT_ERROR(read_all(write("plain text, not compressed at all")), "although its name ends in");
  EXPECT_ERROR(read_all(write("")), "is empty");
  EXPECT_ERROR(read_all(write(packed("x") + "rubbish at the end")), "damaged");
}

INSTANTIATE_TEST_SUITE_P(Kinds, CompressedTest,
                         testing::Values(Kind{".gz", gzip_bytes}, Kind{".zst", zstd_bytes}),
                         [](const auto& kind) { return std::string(kind.param.ending + 1); });

TEST(InputStreamTest, ReadsZstdFramesWithALargeWindow) {
  const TemporaryFolder folder;
  // Magic, no flags, a window of 2^28 bytes (18 in its upper five bits), a raw last block.
  const std::string frame("\x28\xb5\x2f\xfd\x00\x90\x21\x00\x00text", 13);
  EXPECT_EQ(read_all(folder.write("file.zst", frame)), "text");
}

TEST(InputStreamTest, SaysWhatIsWrongWithZstdData) {
  const TemporaryFolder folder;
  std::string frame = zstd_bytes("text");
  frame.back() = static_cast<char>(frame.back() ^ 1);
  EXPECT_ERROR(read_all(folder.write("file.zst", frame)), "checksum");
}

TEST(InputStreamTest, ReadsPlainFiles) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_all(folder.write("file.txt", "")), "");
  EXPECT_EQ(read_all(folder.write("file.txt", sample(100000, 5)), 999), sample(100000, 5));
}

TEST(InputStreamTest, NamesWhatIsWrong) {
  const TemporaryFolder folder;
  for (const char* name : {"none", "none.gz", "none.zst"}) {
    EXPECT_ERROR(open_input(folder.file(name)), "no such file");
  }
  EXPECT_ERROR(open_input(folder.path()), "is a folder");
  const std::string path = folder.write("file", "x");
  FaultyOperations faulty;
  faulty.fail(FaultyOperations::Call::kRead, EIO);
  const ScopedOperations scope(&faulty);
  EXPECT_ERROR(read_all(path), "file: cannot read it: Input/output error");
}

TEST(InputStreamTest, NamesWithoutTheirCompression) {
  EXPECT_EQ(uncompressed_name("a.csv.gz"), "a.csv");
  EXPECT_EQ(uncompressed_name("a.csv.zst"), "a.csv");
  EXPECT_EQ(uncompressed_name("a.csv"), "a.csv");
  EXPECT_EQ(uncompressed_name("-"), "-");
  EXPECT_EQ(input_name("a.csv"), "a.csv");
  EXPECT_EQ(input_name("-"), "standard input");
}

}  // namespace
}  // namespace fastformer::io
