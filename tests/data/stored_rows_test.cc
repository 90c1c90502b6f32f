// Rows come back from the store as they were read, and from the cache only while nothing changed.
#include "data/stored_rows.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "data/corpus_reader.h"
#include "data/targets.h"
#include "read_text.h"
#include "temporary_folder.h"

namespace fastformer::data {
namespace {

class StoredRowsTest : public testing::Test {
 protected:
  io::CacheFolder cache() const { return {folder_.file("cache"), scratch_.path(), 100'000'000}; }
  RowStore rows(const std::vector<std::string>& files, const CorpusOptions& options = {}) const {
    return stored_rows(files, options, true, cache(), serial_for());
  }
  // Rows enough to be kept.
  std::string corpus(const std::string& word) const {
    std::string text = "label,text\n";
    for (int i = 0; i < 6000; ++i) {
      text += std::to_string(i % 7) + ",\"a " + word + std::to_string(i) + ", of words\"\n";
    }
    const std::string path = folder_.write("corpus.csv", text);
    age(path);
    return path;
  }
  // Lets the file be old enough for its time of change to be trusted.
  static void age(const std::string& path) {
    const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  std::size_t kept() const {
    std::size_t count = 0;
    if (!io::exists(folder_.file("cache"))) return count;
    for (const std::string& name : io::list_directory(folder_.file("cache"))) {
      count += name.ends_with(".parts");
    }
    return count;
  }

  TemporaryFolder folder_, scratch_;
};

TEST_F(StoredRowsTest, HoldsAllThatTrainingAsksFor) {
  const std::string path =
      folder_.write("some.jsonl",
                    "{\"labels\": [\"a\", \"b\"], \"text\": \"one\", \"who\": \"x\"}\n"
                    "{\"labels\": [], \"text\": \"\", \"who\": \"y\"}\n"
                    "{\"labels\": \"c\", \"text\": \"three\", \"who\": \"x\"}\n");
  CorpusOptions options;
  options.group_column = "who";
  const auto records = read_corpus({path}, options, true, serial_for());
  const RowStore store = rows({path}, options);
  ASSERT_EQ(store.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(store.text(i), records[i].text);
    EXPECT_EQ(store.group(i), records[i].group);
    EXPECT_EQ(store.has_list(i), records[i].has_list);
    EXPECT_TRUE(store.shares(i).empty());
    Lines names;
    for (const std::int32_t label : store.labels(i)) {
      names.push_back(store.label_names()[static_cast<std::size_t>(label)]);
    }
    const auto given = labels_of(records[i]);
    EXPECT_EQ(names, Lines(given.begin(), given.end()));
    EXPECT_EQ(store.place_of(i, {path}), place_of(records[i], {path}));
  }
  EXPECT_EQ(store.report().at(0).substr(0, 16), "read 3 documents");
  EXPECT_EQ(store.text_bytes(), 8u);
}

TEST_F(StoredRowsTest, HoldsDistributions) {
  const std::string path =
      folder_.write("soft.jsonl", "{\"soft\": {\"a\": 0.25, \"b\": 0.75}, \"text\": \"one\"}\n");
  CorpusOptions options;
  options.read_shares_from("soft");
  const RowStore store = rows({path}, options);
  ASSERT_EQ(store.shares(0).size(), 2u);
  EXPECT_EQ(store.shares(0)[0] + store.shares(0)[1], 1);
}

TEST_F(StoredRowsTest, ASecondReadingIsTheSame) {
  const std::string path = corpus("word");
  const RowStore first = rows({path});
  EXPECT_EQ(kept(), 1u);
  const RowStore second = rows({path});
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first.text(i), second.text(i));
  EXPECT_EQ(first.fingerprint(), second.fingerprint());
  EXPECT_EQ(first.report(), second.report());
  EXPECT_EQ(kept(), 1u);
}

TEST_F(StoredRowsTest, ChangedFilesAndOptionsAreReadAnew) {
  rows({corpus("word")});
  const std::string path = corpus("werd");  // of the same size, at the same time
  EXPECT_EQ(rows({path}).text(0), "a werd0, of words");
  EXPECT_EQ(kept(), 2u);
  CorpusOptions options;
  options.label_column = "text";
  options.text_column = {"label"};
  EXPECT_EQ(rows({path}, options).text(1), "1");
  EXPECT_EQ(kept(), 3u);
}

// A machine on which no file was ever changed.
class OldFiles : public io::Operations {
 public:
  int status(const std::string& path, io::FileStatus* status) override {
    const int result = Operations::status(path, status);
    status->modified_ns = status->changed_ns = 1'000'000'000;
    return result;
  }
};

TEST_F(StoredRowsTest, SizeAndTimesSpareTheReading) {
  const std::string path = corpus("word");
  const auto change = [&path] {
    const int file = ::open(path.c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(file, "X", 1, 0), 1);
    ::close(file);
    age(path);
  };
  const std::string content = content_of(path, cache());
  EXPECT_EQ(content_of(folder_.write("copy.csv", io::read_file(path)), cache()), content);
  {
    OldFiles old;
    const io::ScopedOperations scope(&old);
    EXPECT_EQ(content_of(path, cache()), content);
    change();
    EXPECT_EQ(content_of(path, cache()), content);
  }
  EXPECT_NE(content_of(path, cache()), content);  // its time of change cannot be set back
}

TEST_F(StoredRowsTest, APipeIsReadEveryTime) {
  const std::string path = folder_.file("pipe.csv");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (const char* word : {"one", "two"}) {
    const std::string big = corpus("word");
    std::thread writer([&] {
      const int pipe = ::open(path.c_str(), O_WRONLY);
      const std::string text = std::string("label,text\na,") + word + "\n";
      EXPECT_EQ(::write(pipe, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      ::close(pipe);
    });
    const RowStore store = rows({big, path});
    writer.join();
    EXPECT_EQ(store.text(store.size() - 1), word);
  }
  EXPECT_EQ(kept(), 0u);
}

TEST_F(StoredRowsTest, ADamagedCacheIsMadeAnew) {
  const std::string path = corpus("word");
  const std::string text(rows({path}).text(9));
  for (const std::string& name : io::list_directory(folder_.file("cache"))) {
    const std::string file = io::join_path(folder_.file("cache"), name);
    std::string bytes = io::read_file(file);
    bytes[bytes.size() / 2] ^= 1;
    io::write_file_atomically(file, bytes);
  }
  EXPECT_EQ(rows({path}).text(9), text);
}

TEST_F(StoredRowsTest, AFewRowsAreNotKept) {
  rows({folder_.write("few.csv", "label,text\na,b\n")});
  EXPECT_EQ(kept(), 0u);
}

TEST_F(StoredRowsTest, AFolderIsKeptByItsFiles) {
  const std::string root = folder_.file("classes");
  io::make_directory(root);
  for (const char* label : {"/a", "/b"}) {
    io::make_directory(root + label);
    io::write_file_atomically(root + label + "/one", std::string(60'000, 'x'));
  }
  const CorpusOptions options;
  EXPECT_EQ(rows({root}, options).size(), 2u);
  EXPECT_EQ(kept(), 1u);
  io::write_file_atomically(root + "/b/two", "y");
  EXPECT_EQ(rows({root}, options).size(), 3u);
  EXPECT_EQ(kept(), 2u);
}

}  // namespace
}  // namespace fastformer::data
