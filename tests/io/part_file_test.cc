// Parts are read as they were written, and any change to the file is noticed.
#include "io/part_file.h"

#include <vector>

#include "temporary_folder.h"

namespace fastformer::io {
namespace {

std::string written(const TemporaryFolder& folder) {
  const std::string path = folder.file("file.parts");
  PartFileWriter writer(path);
  const std::vector<std::int32_t> numbers = {1, -2, 3};
  writer.add("numbers", std::span<const std::int32_t>(numbers));
  writer.begin("text");
  writer.write("one ");
  writer.write("two");
  writer.add("nothing", std::string_view());
  writer.finish();
  return path;
}

TEST(PartFileTest, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  const PartFile file(written(folder));
  const auto numbers = file.values<std::int32_t>("numbers");
  EXPECT_EQ(std::vector<std::int32_t>(numbers.begin(), numbers.end()),
            (std::vector<std::int32_t>{1, -2, 3}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64, 0u);
  EXPECT_EQ(file.bytes("text"), "one two");
  EXPECT_EQ(file.bytes("nothing"), "");
  EXPECT_ERROR(file.bytes("other"), "has no part called other");
  EXPECT_ERROR(file.values<std::int32_t>("text"), "no whole number of values");
}

TEST(PartFileTest, HoldsMoreThanItsBuffer) {
  const TemporaryFolder folder;
  std::string text;
  PartFileWriter writer(folder.file("file.parts"));
  writer.begin("text");
  for (int i = 0; i < 300000; ++i) {
    const std::string piece = std::to_string(i) + " ";
    text += piece;
    writer.write(piece);
  }
  writer.finish();
  EXPECT_EQ(PartFile(folder.file("file.parts")).bytes("text"), text);
}

TEST(PartFileTest, EveryCutAndEveryFlippedByteIsNoticed) {
  const TemporaryFolder folder;
  const std::string bytes = read_file(written(folder));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string path = folder.write("cut", bytes.substr(0, size));
    EXPECT_ERROR(PartFile{path}, "is damaged");
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    EXPECT_ERROR(PartFile{folder.write("changed", changed)}, "is damaged");
  }
}

TEST(PartFileTest, AnUnfinishedFileIsNone) {
  const TemporaryFolder folder;
  {
    PartFileWriter writer(folder.file("file"));
    writer.add("text", std::string_view("text"));
  }
  EXPECT_ERROR(PartFile{folder.file("file")}, "is damaged");
}

}  // namespace
}  // namespace fastformer::io
