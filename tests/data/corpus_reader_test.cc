// What goes into a corpus comes out, whatever the block size and the number of threads.
#include "data/corpus_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/random.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

// Text of the characters that matter to readers; clean, so that repair leaves it as it is.
std::string random_text(Random& random, std::string_view alphabet, std::size_t most) {
  std::string text;
  for (std::uint64_t size = random.below(most); text.size() < size;) {
    text += alphabet[random.below(alphabet.size())];
  }
  return text;
}

std::string csv_field(const std::string& text, Random& random) {
  const bool needs_quotes = text.find_first_of(",\n") != std::string::npos || text.starts_with('"');
  if (!needs_quotes && random.below(2) == 0) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

struct Table {
  std::vector<Record> records;
  std::string csv;  // label,text,id,group with a header
};

Table random_table(std::uint64_t seed) {
  Random random(seed);
  Table table;
  table.csv = "label,text,id,group\n";
  for (std::uint64_t rows = random.below(30); table.records.size() < rows;) {
    Record record;
    record.line = 1 + std::count(table.csv.begin(), table.csv.end(), '\n');
    record.label = "l" + random_text(random, "ab\"", 4);
    record.has_label = true;
    record.text = random_text(random, "abc \"\",,\n\t", 30);
    record.id = random_text(random, "1\"\n", 5);
    record.group = random_text(random, "g,\"", 3);
    table.csv += csv_field(record.label, random) + "," + csv_field(record.text, random) + "," +
                 csv_field(record.id, random) + "," + csv_field(record.group, random);
    table.csv += random.below(2) == 0 ? "\n" : "\r\n";
    table.records.push_back(record);
  }
  // Without its last line break a table says the same.
  if (random.below(2) == 0 && table.csv.ends_with('\n')) table.csv.pop_back();
  return table;
}

ReadSetting with_ids() {
  ReadSetting setting;
  setting.options.id_column = "id";
  setting.options.group_column = "group";
  return setting;
}

TEST(CorpusReaderTest, AnyTableReadsBackEqual) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Table table = random_table(seed);
    ASSERT_EQ(read_text("a.csv", table.csv, with_ids()), table.records) << table.csv;
  }
}

TEST(CorpusReaderTest, BlockSizeAndThreadsDoNotMatter) {
  ThreadPool pool(4);
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Table table = random_table(seed);
    ReadReport expected;
    read_text("a.csv", table.csv, with_ids(), &expected);
    for (const std::size_t block : {1, 2, 3, 5, 16, 64, 257, 4096}) {
      ReadSetting setting = with_ids();
      setting.limits.block_bytes = block;
      setting.parallel_for = pool.parallel_for();
      ReadReport report;
      ASSERT_EQ(read_text("a.csv", table.csv, setting, &report), table.records) << block;
      EXPECT_EQ(report.summary(), expected.summary());
      EXPECT_EQ(report.bytes, static_cast<std::int64_t>(table.csv.size()));
    }
  }
}

TEST(CorpusReaderTest, ManyRowsAreTheSameOnManyThreads) {
  std::string csv = "text,label\n";
  for (int i = 0; i < 20000; ++i) {
    csv += "\"row " + std::to_string(i) + "\xff\n\"," + std::to_string(i % 7) + "\n";
  }
  ReadReport serial_report, report;
  const auto serial = read_text("a.csv", csv, {}, &serial_report);
  ASSERT_EQ(serial.size(), 20000U);
  ThreadPool pool(8);
  ReadSetting setting;
  setting.parallel_for = pool.parallel_for();
  setting.limits.block_bytes = 50000;
  EXPECT_EQ(read_text("a.csv", csv, setting, &report), serial);
  EXPECT_EQ(report.repairs.invalid_utf8, 20000);
  EXPECT_EQ(report.summary(), serial_report.summary());
}

TEST(CorpusReaderTest, FilesFollowEachOtherWithTheirOwnColumns) {
  const TemporaryFolder folder;
  const std::vector<std::string> files = {
      folder.write("a.csv", "text,label\none,x\n"), folder.write("b.csv", "label,text\n"),
      folder.write("c.tsv", "label\ttext\nx\ttwo"),
      folder.write("d.jsonl", "{\"text\":\"three\",\"label\":\"x\"}")};
  ReadReport report;
  const auto records = read_corpus(files, {}, true, serial_for(), &report);
  EXPECT_EQ(labels_and_texts(records), (Lines{"x|one", "x|two", "x|three"}));
  EXPECT_EQ(records[0].file, 0);
  EXPECT_EQ(records[1].file, 2);
  EXPECT_EQ(records[2].file, 3);
  EXPECT_EQ(records[1].line, 2);
  EXPECT_EQ(report.rows, 3);
  EXPECT_EQ(report.bytes, 17 + 11 + 16 + 28);
  EXPECT_TRUE(read_corpus({}, {}, true, serial_for()).empty());
}

TEST(CorpusReaderTest, APipesRowsComeOutAsTheyArrive) {
  const TemporaryFolder folder;
  const std::string path = folder.file("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t taken = 0;
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return taken >= count; });
  };
  bool came_at_once = true;
  std::thread writer([&] {
    io::OutputFile pipe(path);
    for (std::size_t i = 0; i < 3 && came_at_once; ++i) {
      pipe.write("row " + std::to_string(i) + "\nbegin of a row ");
      came_at_once = wait_for(i + 1);
    }
  });
  CorpusReader reader({path}, {}, false, serial_for());
  std::vector<Record> block;
  while (reader.read_block(block)) {
    const std::lock_guard lock(mutex);
    taken += block.size();
    changed.notify_all();
  }
  writer.join();
  EXPECT_TRUE(came_at_once);
  EXPECT_EQ(reader.report().rows, 4);
}

TEST(CorpusReaderTest, RandomBytesNeverCrash) {
  const char* const names[] = {".csv", ".tsv", ".jsonl", ".txt"};
  constexpr std::string_view kPieces[] = {
      "\"",      ",",    "\n",        "\r", "\t",           "{", "}", "text", ":", "label", "[",
      "\\ud800", "\xff", "__label__", " ",  "\xef\xbb\xbf", "1", "\\"};
  const TemporaryFolder folder;
  int read = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    std::string bytes = random.below(2) == 0 ? "text,label\n" : "";
    for (std::uint64_t count = random.below(60); count > 0; --count) {
      const auto byte = static_cast<char>(random.below(256));
      bytes += random.below(4) == 0 ? std::string_view(&byte, 1)
                                    : kPieces[random.below(std::size(kPieces))];
    }
    ReadSetting setting;
    setting.needs_label = random.below(2) == 0;
    setting.options.on_bad_row = random.below(2) == 0 ? OnBadRow::kError : OnBadRow::kSkip;
    setting.options.header = static_cast<Header>(random.below(3));
    setting.limits = {.block_bytes = 1 + random.below(20), .row_bytes = 100};
    const std::string path = folder.file(std::to_string(seed) + names[seed % std::size(names)]);
    io::OutputFile(path).write(bytes);
    std::string outcome[2];
    for (std::string& text : outcome) {
      try {
        for (const Record& record : read_file_of(path, setting)) text += record.text + "\n";
        ++read;
      } catch (const Error& error) {
        text = error.what();
      }
      setting.limits.block_bytes = 1 << 12;
    }
    ASSERT_EQ(outcome[0], outcome[1]) << "block sizes differ on " << testing::PrintToString(bytes);
  }
  EXPECT_GT(read, 1000);
}

TEST(CorpusReaderTest, StandardInputIsReadOnce) {
  EXPECT_ERROR(CorpusReader({"-", "a.csv", "-"}, {}, true, serial_for()), "standard input: ");
}

TEST(CorpusReaderTest, PlacesNameFileAndLine) {
  const TemporaryFolder folder;
  Record record;
  record.line = 3;
  record.file = 1;
  record.id = "pos/x";
  EXPECT_EQ(place_of(record, {"a.csv", "b.csv"}), "b.csv, line 3");
  EXPECT_EQ(place_of(record, {"a.csv", "-"}), "standard input, line 3");
  EXPECT_EQ(place_of(record, {"a.csv", folder.path()}), folder.file("pos/x"));
}

}  // namespace
}  // namespace fastformer::data
