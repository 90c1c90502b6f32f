// Word vectors from files in both formats.
#include "text/word_vectors.h"

#include <gmock/gmock.h>

#include "io/compressed_bytes.h"
#include "io/files.h"
#include "temporary_folder.h"

namespace fastformer::text {
namespace {

using testing::ElementsAre;

const std::unordered_map<std::string, std::int64_t> kWanted = {
    {"the", 1}, {"caf\xc3\xa9", 2}, {". .", 3}, {"never", 4}};

WordVectors read(const std::string& bytes, const std::string& name = "v.txt") {
  const TemporaryFolder folder;
  io::OutputFile(folder.file(name)).write(bytes);
  return read_word_vectors(folder.file(name), kWanted, 3);
}

TEST(WordVectorsTest, ReadsBothFormatsAlike) {
  const std::string lines =
      "dog 9 9 9\nthe 0.5 -1e-1 2\n. . 1 2 3\r\ncaf\xc3\xa9 4 5 6 \nthe 7 7 7\n";
  for (const std::string& bytes : {lines, "5 3\n" + lines, lines.substr(0, lines.size() - 1)}) {
    const WordVectors found = read(bytes);
    EXPECT_THAT(found.ids, ElementsAre(1, 3, 2));
    EXPECT_THAT(found.values, ElementsAre(0.5F, -0.1F, 2, 1, 2, 3, 4, 5, 6));
    EXPECT_EQ(found.words, 5);
  }
  EXPECT_THAT(read(gzip_bytes(lines), "v.vec.gz").ids, ElementsAre(1, 3, 2));
  EXPECT_EQ(read("").words, 0);
}

TEST(WordVectorsTest, AnotherWidthIsAnError) {
  EXPECT_ERROR(read("the 1 2\n"), "v.txt, line 1: has vectors of 2 numbers");
  EXPECT_ERROR(read("the 1 2 3 4\n"), "line 1: has vectors of 4 numbers");
  EXPECT_ERROR(read("100 300\nthe 1 2 3\n"), "vectors of 300 numbers, the model's width is 3");
  EXPECT_ERROR(read("dog 1 2 3\nthe 1 2\n"), "line 2: has vectors of 2 numbers");
  try {
    read("the 1 2 3 4\n");
  } catch (const OtherWidth& other) {
    EXPECT_EQ(other.found(), 4);
  }
}

TEST(WordVectorsTest, DamagedNumbersOfWantedWordsAreErrors) {
  EXPECT_ERROR(read("dog 1 2 x\nthe 1 2 x\n"), "line 2: \"x\" is not a number");
  EXPECT_ERROR(read("the 1 nan 2\n"), "not a number");
  EXPECT_ERROR(read("the 1 1e300 2\n"), "not a number");
  EXPECT_ERROR(read(std::string(5 << 20, 'x')), "line 1: is too long");
}

// A long file crosses the reader's blocks at every place.
TEST(WordVectorsTest, BlocksDoNotMatter) {
  std::string bytes;
  for (int i = 0; i < 20000; ++i) bytes += "word" + std::to_string(i) + " 1 2 3\n";
  bytes += "never 4 5 6\n";
  const WordVectors found = read(bytes);
  EXPECT_EQ(found.words, 20001);
  EXPECT_THAT(found.values, ElementsAre(4, 5, 6));
}

}  // namespace
}  // namespace fastformer::text
