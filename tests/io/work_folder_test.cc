// A folder's final name never stands for something incomplete.
#include "io/work_folder.h"

#include <unistd.h>

#include "faulty_operations.h"
#include "temporary_folder.h"

namespace fastformer::io {
namespace {

using Call = FaultyOperations::Call;

TEST(WorkFolderTest, AppearsWhole) {
  const TemporaryFolder folder;
  WorkFolder work(folder.file("model/"), ".training");
  EXPECT_EQ(work.path(), folder.file("model.training"));
  EXPECT_EQ(work.final_path(), folder.file("model"));
  write_file_atomically(work.file("weights"), "w");
  EXPECT_FALSE(exists(folder.file("model")));
  work.commit();
  EXPECT_EQ(list_directory(folder.path()), std::vector<std::string>{"model"});
  EXPECT_EQ(read_file(folder.file("model/weights")), "w");
}

TEST(WorkFolderTest, RefusesNamesThatAreTaken) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  EXPECT_ERROR(WorkFolder(folder.file("file"), ".training"), "exists already");
  WorkFolder first(folder.file("model"), ".training");
  EXPECT_ERROR(WorkFolder(folder.file("model"), ".training"), "another run is writing it");
  first.commit();
  EXPECT_ERROR(WorkFolder(folder.file("model"), ".training"), "choose another output folder");
  EXPECT_ERROR(WorkFolder("", ".training"), "has no name");
  EXPECT_ERROR(WorkFolder(folder.file("none/model"), ".training"), "/none: no such folder");
}

TEST(WorkFolderTest, ALinkThatLeadsNowhereIsATakenName) {
  const TemporaryFolder folder;
  ASSERT_EQ(symlink("nowhere", folder.file("model").c_str()), 0);
  EXPECT_ERROR(WorkFolder(folder.file("model"), ".training"), "model: exists already");
  EXPECT_EQ(list_directory(folder.path()), std::vector<std::string>{"model"});
}

TEST(WorkFolderTest, AFailedCommitKeepsTheWorkUnderItsOwnName) {
  const TemporaryFolder folder;
  WorkFolder work(folder.file("model"), ".training");
  write_file_atomically(work.file("weights"), "w");
  for (const Call call : {Call::kList, Call::kOpen, Call::kFsync, Call::kRename}) {
    FaultyOperations faulty;
    faulty.fail(call, EIO);
    const ScopedOperations scope(&faulty);
    EXPECT_ERROR(work.commit(), "Input/output error");
    EXPECT_ERROR(work.commit(), "is kept in " + folder.file("model.training"));
    EXPECT_EQ(status_of(folder.file("model")).exists, false);
  }
  EXPECT_EQ(read_file(work.file("weights")), "w");
  work.commit();
  EXPECT_EQ(read_file(folder.file("model/weights")), "w");
}

TEST(WorkFolderTest, DiscardRemovesEverything) {
  const TemporaryFolder folder;
  WorkFolder work(folder.file("model"), ".training");
  write_file_atomically(work.file("weights"), "w");
  work.discard();
  EXPECT_TRUE(list_directory(folder.path()).empty());
}

TEST(WorkFolderTest, DiscardHidesNoOtherError) {
  const TemporaryFolder folder;
  WorkFolder work(folder.file("model"), ".training");
  FaultyOperations faulty;
  faulty.fail(Call::kList, EIO);
  const ScopedOperations scope(&faulty);
  EXPECT_NO_THROW(work.discard());
}

}  // namespace
}  // namespace fastformer::io
