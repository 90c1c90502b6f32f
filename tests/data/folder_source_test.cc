// A folder per class reads in sorted order, with labels and ids from the names.
#include "data/folder_source.h"

#include "io/compressed_bytes.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

class FolderSourceTest : public testing::Test {
 protected:
  FolderSourceTest() {
    for (const char* label : {"pos", "neg", "empty", ".hidden"}) {
      io::make_directory(folder_.file(label));
    }
    write("pos/b", "second\n");
    write("pos/a.txt",
          "\xef\xbb\xbf"
          "first");
    write("neg/c.gz", gzip_bytes("third"));
    write("neg/.keep", "hidden");
    write(".hidden/x", "hidden");
  }
  void write(std::string_view name, std::string_view bytes) {
    io::OutputFile(folder_.file(name)).write(bytes);
  }
  TemporaryFolder folder_;
};

TEST_F(FolderSourceTest, ReadsSortedWithLabelAndId) {
  ReadReport report;
  const auto records = read_file_of(folder_.path(), {}, &report);
  EXPECT_EQ(labels_and_texts(records), (Lines{"neg|third", "pos|first", "pos|second\n"}));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].id, "neg/c.gz");
  EXPECT_EQ(records[1].id, "pos/a.txt");
  EXPECT_EQ(report.bytes, 5 + 8 + 7);
}

TEST_F(FolderSourceTest, BlockSizeAndThreadsDoNotMatter) {
  for (int i = 0; i < 200; ++i) write("pos/n" + std::to_string(i), std::string(i, 'x'));
  const auto expected = read_file_of(folder_.path());
  ASSERT_EQ(expected.size(), 203U);
  ThreadPool pool(4);
  for (const std::size_t block : {1, 100, 5000}) {
    ReadSetting setting;
    setting.limits.block_bytes = block;
    setting.parallel_for = pool.parallel_for();
    EXPECT_EQ(read_file_of(folder_.path(), setting), expected);
  }
}

TEST_F(FolderSourceTest, FilesWithoutClassAreDocumentsOnlyInUse) {
  write("README", "about");
  ReadReport report;
  EXPECT_EQ(read_file_of(folder_.path(), {}, &report).size(), 3U);
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], testing::HasSubstr("1 files beside the class folders"));
  ReadSetting setting;
  setting.needs_label = false;
  const auto records = read_file_of(folder_.path(), setting);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].text, "about");
  EXPECT_FALSE(records[0].has_label);
}

TEST_F(FolderSourceTest, DeeperFoldersAreBadRows) {
  io::make_directory(folder_.file("pos/deep"));
  EXPECT_ERROR(read_file_of(folder_.path()), "pos/deep: is a folder inside a class folder");
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  EXPECT_EQ(read_file_of(folder_.path(), setting).size(), 3U);
}

TEST_F(FolderSourceTest, UnreadableDocumentsAreBadRows) {
  write("neg/book.docx", "PK\x03\x04");
  write("neg/cut.gz", gzip_bytes("whole").substr(0, 12));
  EXPECT_ERROR(read_file_of(folder_.path()), "neg/book.docx: is a zip archive");
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  ReadReport report;
  EXPECT_EQ(read_file_of(folder_.path(), setting, &report).size(), 3U);
  ASSERT_EQ(report.skipped_rows, 2);
  EXPECT_THAT(report.reasons[1], testing::EndsWith("neg/cut.gz: ends in the middle of its gzip "
                                                   "data. Fetch or compress the file again"));
}

TEST_F(FolderSourceTest, AGroupColumnIsAnErrorOfUsage) {
  ReadSetting setting;
  setting.options.group_column = "g";
  EXPECT_ERROR(read_file_of(folder_.path(), setting), "have no columns");
}

TEST_F(FolderSourceTest, TooLargeDocumentsAndWrongFormatsAreErrors) {
  ReadSetting setting;
  setting.limits.row_bytes = 7;
  EXPECT_ERROR(read_file_of(folder_.path(), setting), "pos/a.txt: is longer than 7 bytes");
  setting = {};
  setting.options.format = Format::kCsv;
  EXPECT_ERROR(read_file_of(folder_.path(), setting), "is a folder");
  setting.options.format = Format::kFolder;
  EXPECT_ERROR(read_file_of(folder_.file("pos/b"), setting), "is not a folder");
  EXPECT_ERROR(read_file_of(folder_.file("pos")), "has no sub-folders");
}

}  // namespace
}  // namespace fastformer::data
