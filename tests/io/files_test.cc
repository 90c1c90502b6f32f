// Files are replaced whole or not at all, and every failed call becomes an error with path and
// reason.
#include "io/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "faulty_operations.h"
#include "temporary_folder.h"

namespace fastformer::io {
namespace {

using Call = FaultyOperations::Call;

TEST(PathTest, TakesPathsApart) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(base_name("a/b/c"), "c");
  EXPECT_EQ(base_name("a/b/c//"), "c");
  EXPECT_EQ(base_name("c"), "c");
  EXPECT_EQ(parent_path("a/b/c/"), "a/b");
  EXPECT_EQ(parent_path("/c"), "/");
  EXPECT_EQ(parent_path("c"), ".");
}

TEST(PathTest, AFileHasOneCanonicalPath) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "x");
  ASSERT_EQ(symlink("file", folder.file("link").c_str()), 0);
  const std::string name = canonical_path(file);
  EXPECT_EQ(base_name(name), "file");
  EXPECT_EQ(canonical_path(folder.file("link")), name);
  EXPECT_EQ(canonical_path(folder.file("./../" + base_name(folder.path()) + "/file")), name);
  EXPECT_EQ(canonical_path("no/../such"), "no/../such");
}

TEST(FilesTest, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("file");
  for (const std::string& bytes :
       {std::string(), std::string("a\0b", 3), std::string(200000, 'x')}) {
    write_file_atomically(path, bytes);
    EXPECT_EQ(read_file(path), bytes);
    EXPECT_EQ(status_of(path).size, static_cast<std::int64_t>(bytes.size()));
  }
  EXPECT_EQ(list_directory(folder.path()), std::vector<std::string>{"file"});
}

TEST(FilesTest, SurvivesInterruptedAndShortCalls) {
  const TemporaryFolder folder;
  FaultyOperations faulty;
  faulty.interrupt();
  const ScopedOperations scope(&faulty);
  write_file_atomically(folder.file("file"), "several bytes");
  EXPECT_EQ(read_file(folder.file("file")), "several bytes");
}

TEST(FilesTest, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  for (const Call call : {Call::kOpen, Call::kWrite, Call::kFsync, Call::kClose, Call::kRename}) {
    FaultyOperations faulty;
    faulty.fail(call, ENOSPC);
    {
      const ScopedOperations scope(&faulty);
      EXPECT_ERROR(write_file_atomically(path, "new"), "No space left on device");
    }
    EXPECT_EQ(read_file(path), "old");
    EXPECT_EQ(list_directory(folder.path()), std::vector<std::string>{"file"});
  }
}

TEST(FilesTest, AFullDeviceIsAnErrorWithItsName) {
  OutputFile file("/dev/full");
  EXPECT_ERROR(file.write("x"), "/dev/full: cannot write it: No space left on device");
}

TEST(FilesTest, DevicesCanBeSyncedWithoutError) {
  OutputFile file("/dev/null");
  file.write("x");
  file.sync();
  file.close();
}

TEST(FilesTest, AppendsOnDemand) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "one");
  OutputFile(path, /*append=*/true).write(" two");
  EXPECT_EQ(read_file(path), "one two");
  OutputFile(path).write("three");
  EXPECT_EQ(read_file(path), "three");
}

TEST(FilesTest, ReadingNamesWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "12345");
  EXPECT_ERROR(read_file(folder.file("none")), "none: no such file");
  EXPECT_ERROR(read_file(folder.path()), "is a folder");
  EXPECT_ERROR(read_file(path, 4), "larger than the 4 bytes");
  EXPECT_EQ(read_file(path, 5), "12345");
  FaultyOperations faulty;
  faulty.fail(Call::kRead, EIO);
  const ScopedOperations scope(&faulty);
  EXPECT_ERROR(read_file(path), "cannot read it: Input/output error");
}

TEST(FilesTest, RemovesTreesButDoesNotFollowLinks) {
  const TemporaryFolder folder;
  const std::string kept = folder.write("kept", "x");
  make_directory(folder.file("tree"));
  make_directory(folder.file("tree/inner"));
  folder.write("tree/inner/file", "x");
  const std::pair<const char*, const char*> links[] = {
      {"to_file", "../kept"}, {"to_folder", ".."}, {"to_nothing", "nowhere"}, {"itself", "itself"}};
  for (const auto& [name, target] : links) {
    ASSERT_EQ(symlink(target, folder.file("tree/" + std::string(name)).c_str()), 0);
  }
  remove_tree(folder.file("tree"));
  EXPECT_FALSE(exists(folder.file("tree")));
  EXPECT_EQ(read_file(kept), "x");
  remove_tree(folder.file("tree"));
}

TEST(MappedFileTest, ShowsTheBytes) {
  const TemporaryFolder folder;
  const std::string bytes(10000, 'm');
  MappedFile file(folder.write("file", bytes));
  const auto text = [](const MappedFile& mapped) {
    return std::string_view(reinterpret_cast<const char*>(mapped.bytes().data()),
                            mapped.bytes().size());
  };
  EXPECT_EQ(text(file), bytes);
  MappedFile moved(std::move(file));
  EXPECT_EQ(text(moved), bytes);
  MappedFile empty(folder.write("empty", ""));
  EXPECT_TRUE(empty.bytes().empty());
  empty = std::move(moved);
  EXPECT_EQ(text(empty), bytes);
}

TEST(MappedFileTest, BringingInChangesNoByte) {
  const TemporaryFolder folder;
  std::string bytes(100000, 'm');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 / 5);
  const std::string path = folder.write("file", bytes);
  for (const std::size_t begin : {0, 1, 4095, 4096, 50001, 99999, 100000}) {
    for (const std::size_t size : {0, 1, 4096, 60000}) {
      const MappedFile file(path);
      const std::span<const std::byte> rest = file.bytes().subspan(begin);
      file.bring_in(rest.first(std::min(size, rest.size())));
      EXPECT_EQ(std::memcmp(file.bytes().data(), bytes.data(), bytes.size()), 0);
    }
  }
}

TEST(MappedFileTest, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_ERROR(MappedFile(folder.file("none")), "no such file");
  EXPECT_ERROR(MappedFile(folder.path()), "not a regular file");
  EXPECT_ERROR(MappedFile(folder.file("pipe")), "not a regular file");
  FaultyOperations faulty;
  faulty.fail(Call::kMap, ENOMEM);
  const std::string path = folder.write("file", "x");
  const ScopedOperations scope(&faulty);
  EXPECT_ERROR(MappedFile mapped(path), "cannot map it into memory");
}

}  // namespace
}  // namespace fastformer::io
