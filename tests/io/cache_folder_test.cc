// Files are kept, found, made anew when they are damaged, and go by their age.
#include "io/cache_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "faulty_operations.h"
#include "temporary_folder.h"

namespace fastformer::io {
namespace {

class CacheFolderTest : public testing::Test {
 protected:
  CacheFolder open(std::int64_t most_bytes = 1'000'000) const {
    return {folder_.file("cache/inner"), scratch_.path(), most_bytes};
  }
  std::string kept(const std::string& name) const {
    return folder_.file("cache/inner/fastformer-" + name + ".parts");
  }
  static CacheFolder::Write text(const std::string& bytes) {
    return [bytes](PartFileWriter& file) {
      file.add("text", std::string_view(bytes));
      return true;
    };
  }
  // Lets the file be used a number of seconds after the epoch.
  void set_time(const std::string& name, std::int64_t seconds) const {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, kept(name).c_str(), times, 0), 0);
  }

  TemporaryFolder folder_, scratch_;
};

TEST_F(CacheFolderTest, FindsWhatItMade) {
  EXPECT_EQ(open().find("a"), nullptr);
  EXPECT_EQ(open().make("a", text("one"))->bytes("text"), "one");
  const auto found = open().find("a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->bytes("text"), "one");
  remove_tree(folder_.file("cache"));  // at any time
  EXPECT_EQ(found->bytes("text"), "one");
  EXPECT_TRUE(list_directory(scratch_.path()).empty());
}

TEST_F(CacheFolderTest, IsForItsOwnerAlone) {
  open().make("a", text("one"));
  struct stat facts;
  ASSERT_EQ(::stat(folder_.file("cache/inner").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
}

TEST_F(CacheFolderTest, ADamagedFileIsRemoved) {
  open().make("a", text("one"));
  std::string bytes = read_file(kept("a"));
  bytes[70] ^= 1;
  write_file_atomically(kept("a"), bytes);
  EXPECT_EQ(open().find("a"), nullptr);
  EXPECT_FALSE(exists(kept("a")));
}

TEST_F(CacheFolderTest, WithoutAFolderNothingIsKept) {
  const CacheFolder none("", scratch_.path(), 1'000'000);
  EXPECT_EQ(none.make("a", text("one"))->bytes("text"), "one");
  EXPECT_EQ(none.find("a"), nullptr);
  EXPECT_TRUE(list_directory(scratch_.path()).empty());
}

TEST_F(CacheFolderTest, WhatIsTooLargeIsNotKept) {
  EXPECT_EQ(open(100).make("a", text("one"))->bytes("text"), "one");
  EXPECT_EQ(open().find("a"), nullptr);
}

TEST_F(CacheFolderTest, TheLongestUnusedGoesFirst) {
  const std::string hundred(100, 'x');
  open().make("a", text(hundred));
  const std::int64_t size = status_of(kept("a")).size;
  open().make("b", text(hundred));
  set_time("a", 1000);
  set_time("b", 2000);
  open().find("a");  // and is used now
  for (const char* other : {"other.parts", "fastformer-d.9.unfinished"}) {
    write_file_atomically(folder_.file(std::string("cache/inner/") + other), "not to be touched");
  }
  open(2 * size).make("c", text(hundred));
  EXPECT_NE(open().find("a"), nullptr);
  EXPECT_EQ(open().find("b"), nullptr);
  EXPECT_NE(open().find("c"), nullptr);
  EXPECT_TRUE(exists(folder_.file("cache/inner/other.parts")));
  EXPECT_TRUE(exists(folder_.file("cache/inner/fastformer-d.9.unfinished")));
}

// A disk without room for what is under `folder`, until so many files of it are removed.
class FullFolder : public Operations {
 public:
  explicit FullFolder(std::string folder, int until = 1000)
      : folder_(std::move(folder)), until_(until) {}
  int open(const std::string& path, int flags, int mode) override {
    const int file = Operations::open(path, flags, mode);
    if (until_ > 0 && path.starts_with(folder_)) {
      full_ = file;
    } else if (file == full_) {
      full_ = -1;  // the number of a file that is closed
    }
    return file;
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    if (file != full_) return Operations::write(file, bytes, count);
    errno = ENOSPC;
    return -1;
  }
  int unlink(const std::string& path) override {
    if (path.ends_with(".parts")) --until_;
    return Operations::unlink(path);
  }

 private:
  std::string folder_;
  int until_;
  int full_ = -1;
};

TEST_F(CacheFolderTest, AFullDiskIsNoEndWhereThereIsRoomForScratch) {
  FullFolder full(folder_.file("cache"));
  {
    const ScopedOperations scope(&full);
    EXPECT_EQ(open().make("a", text("one"))->bytes("text"), "one");
  }
  EXPECT_TRUE(list_directory(folder_.file("cache/inner")).empty());
  EXPECT_TRUE(list_directory(scratch_.path()).empty());
}

TEST_F(CacheFolderTest, OnAFullDiskWhatEarlierRunsKeptMakesRoom) {
  open().make("a", text("one"));
  open().make("b", text("two"));
  open().set_note("a", "text");
  FullFolder full(folder_.file("cache"), 2);
  {
    const ScopedOperations scope(&full);
    EXPECT_EQ(open().make("c", text("three"))->bytes("text"), "three");
  }
  EXPECT_EQ(list_directory(folder_.file("cache/inner")),
            (std::vector<std::string>{"fastformer-a.note", "fastformer-c.parts"}));
  EXPECT_TRUE(list_directory(scratch_.path()).empty());
}

TEST_F(CacheFolderTest, OnAFullDiskARunsOwnFilesStay) {
  open().make("found", text("one"));
  open().make("old", text("two"));
  const CacheFolder cache = open();
  const auto found = cache.find("found");
  const auto made = cache.make("made", text("three"));
  FullFolder full(folder_.file("cache"));
  int calls = 0;
  {
    const ScopedOperations scope(&full);
    const auto write = [&calls](PartFileWriter& file) {
      ++calls;
      file.add("text", std::string_view("four"));
      return true;
    };
    EXPECT_EQ(cache.make("more", write)->bytes("text"), "four");
  }
  EXPECT_EQ(calls, 3);  // kept, kept with more room, scratch
  EXPECT_EQ(list_directory(folder_.file("cache/inner")),
            (std::vector<std::string>{"fastformer-found.parts", "fastformer-made.parts"}));
}

TEST_F(CacheFolderTest, WhatIsTooLargeForTheCacheRemovesNothing) {
  open().make("a", text("one"));
  open(100).make("b", text("two"));
  EXPECT_NE(open().find("a"), nullptr);
}

TEST_F(CacheFolderTest, WhatIsWrongWithTheTextIsAnError) {
  const CacheFolder cache = open();
  FaultyOperations faulty;
  faulty.fail(FaultyOperations::Call::kOpen, ENOSPC);
  EXPECT_ERROR(cache.make("a", [](PartFileWriter&) -> bool { throw Error("a bad row"); }),
               "a bad row");
  EXPECT_TRUE(list_directory(folder_.file("cache/inner")).empty());
  const ScopedOperations scope(&faulty);
  EXPECT_ERROR(cache.make("a", text("one")), "No space left");  // nor is there room for scratch
}

TEST_F(CacheFolderTest, EveryFailedCallEndsInTheFileOrAnError) {
  using Call = FaultyOperations::Call;
  for (const Call call : {Call::kOpen, Call::kWrite, Call::kClose, Call::kRename, Call::kList,
                          Call::kMap, Call::kStatus}) {
    for (int after = 0; after < 8; ++after) {
      const CacheFolder cache = open();
      FaultyOperations faulty;
      faulty.fail(call, EIO, after);
      const ScopedOperations scope(&faulty);
      try {
        auto found = cache.find("a");
        if (!found) found = cache.make("a", text("one"));
        EXPECT_EQ(found->bytes("text"), "one");
      } catch (const Error&) {
        // As good.
      }
    }
    EXPECT_TRUE(list_directory(scratch_.path()).empty());
  }
}

TEST_F(CacheFolderTest, WhatMayNotBeKeptIsNot) {
  const auto made = open().make("a", [](PartFileWriter& file) {
    file.add("text", std::string_view("one"));
    return false;
  });
  EXPECT_EQ(made->bytes("text"), "one");
  EXPECT_EQ(open().find("a"), nullptr);
}

TEST_F(CacheFolderTest, AFolderThatCannotBeTouchedServesAllTheSame) {
  class Untouchable : public Operations {
    int touch(const std::string&) override { return -1; }
    int unlink(const std::string&) override { return -1; }
  };
  open().make("a", text("one"));
  Untouchable operations;
  const ScopedOperations scope(&operations);
  ASSERT_NE(open().find("a"), nullptr);
}

TEST_F(CacheFolderTest, AFileIsForItsOwnerAlone) {
  open().make("a", text("one"));
  struct stat facts;
  ASSERT_EQ(::stat(kept("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(CacheFolderTest, KeepsNotes) {
  EXPECT_FALSE(open().note("a"));
  open().set_note("a", "text");
  EXPECT_EQ(open().note("a"), "text");
}

}  // namespace
}  // namespace fastformer::io
