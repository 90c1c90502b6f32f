// A malformed row is an error with file, line and reason, or is skipped and counted.
#include "io/compressed_bytes.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

struct Case {
  const char* name;
  const char* bytes;   // good rows "g|one" and "g|two" around one bad row
  const char* reason;  // with the line
};

const Case kCases[] = {
    {"a.csv", "label,text\ng,one\ng,a,b\ng,two\n",
     "a.csv, line 3: has 3 fields where the first row has 2"},
    {"a.csv", "label,text\ng,one\ng\ng,two", "a.csv, line 3: has 1 field where"},
    {"b.csv", "g,one\ng,\"a\nb\" c\ng,two\n", "b.csv, line 2: there is text after a closing quote"},
    {"b.csv", "g,one\n ,a\ng,two\n", "b.csv, line 2: the label is empty"},
    {"c.csv", "g,one\ng,\"never closed\ng,two\n", "c.csv, line 2: a quote is opened and never"},
    {"d.tsv", "g\tone\ng\ng\ttwo\n", "d.tsv, line 2: has 1 field where the first row has 2"},
    {"d.tsv", "g\tone\ng\t\"a\tb\ng\ttwo\n", "--format csv --delimiter tab"},
    {"e.jsonl",
     "{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":\n{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 2: is not valid JSON"},
    {"e.jsonl", "\n[1]\n{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 2: is a JSON array"},
    {"e.jsonl", "3\n{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 1: is not a JSON object"},
    {"e.jsonl",
     "{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":\"g\",\"txt\":\"\"}\n"
     "{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 2: has no key \"text\" but \"txt\""},
    {"e.jsonl",
     "{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":[\"g\"],\"text\":\"\"}\n"
     "{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 2: has a list of labels, where one label is wanted"},
    {"e.jsonl",
     "{\"label\":\"g\",\"text\":\"one\"}\n{\"label\":null,\"text\":\"x\"}\n"
     "{\"label\":\"g\",\"text\":\"two\"}",
     "e.jsonl, line 2: the label is empty"},
    {"f.txt", "__label__g one\n__label__g __label__h x\n__label__g two\n",
     "f.txt, line 2: has a list of labels, where one label is wanted"},
    {"f.txt", "__label__g one\nno label\n__label__g two\n", "f.txt, line 2: does not begin with"},
    {"f.txt", "__label__g one\n__label__ x\n__label__g two\n", "f.txt, line 2: the label is empty"},
};

TEST(BadRowsTest, AreErrorsWithFileLineAndReason) {
  ReadSetting setting;
  setting.options.target = Target::kSingle;
  for (const Case& bad : kCases) {
    EXPECT_ERROR(read_text(bad.name, bad.bytes, setting), bad.reason);
    EXPECT_ERROR(read_text(bad.name, bad.bytes, setting), "--on-bad-row skip");
  }
}

TEST(BadRowsTest, AreSkippedAndCountedOnDemand) {
  for (const Case& bad : kCases) {
    for (const std::size_t block : {1, 16, 1 << 20}) {
      ReadSetting setting;
      setting.options.on_bad_row = OnBadRow::kSkip;
      setting.options.target = Target::kSingle;
      setting.limits.block_bytes = block;
      ReadReport report;
      const auto records = read_text(bad.name, bad.bytes, setting, &report);
      EXPECT_EQ(labels_and_texts(records), (Lines{"g|one", "g|two"})) << bad.bytes;
      EXPECT_EQ(report.rows, 2);
      EXPECT_EQ(report.skipped_rows, 1);
      ASSERT_EQ(report.reasons.size(), 1U);
      EXPECT_THAT(report.reasons[0], testing::HasSubstr(bad.reason));
    }
  }
}

TEST(BadRowsTest, GoodRowsBeforeABadOneAreHandedOut) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.csv", "g,one\ng,two\nbad\ng,three\n");
  CorpusReader reader({path}, {}, true, serial_for());
  std::vector<Record> block;
  ASSERT_TRUE(reader.read_block(block));
  EXPECT_EQ(labels_and_texts(block), (Lines{"g|one", "g|two"}));
  EXPECT_ERROR(reader.read_block(block), "line 3");
  EXPECT_ERROR(reader.read_block(block), "line 3");
}

TEST(BadRowsTest, OnlyTheFirstReasonsAreKept) {
  std::string bytes = "g,x\n";
  for (int i = 0; i < 1000; ++i) bytes += "bad\n";
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  ReadReport report;
  EXPECT_EQ(read_text("a.csv", bytes, setting, &report).size(), 1U);
  EXPECT_EQ(report.skipped_rows, 1000);
  EXPECT_EQ(report.reasons.size(), ReadReport::kReasonsKept);
  EXPECT_THAT(report.reasons[0], testing::HasSubstr("line 2"));
  const Lines summary = report.summary();
  EXPECT_EQ(summary[0], "read 1 document (0.0 MB)");
  EXPECT_EQ(summary[1], "left out 1,000 malformed rows, the first:");
}

TEST(BadRowsTest, ManyQuotesNeverClosedDoNotTakeForever) {
  std::string bytes = "a,b\n";
  for (int i = 0; i < 20000; ++i) bytes += "x\"y,\"abc\n";
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  ReadReport report;
  read_text("a.csv", bytes, setting, &report);
  EXPECT_GE(report.skipped_rows, 1);
}

TEST(BadRowsTest, TheFirstRowOfATableMustBeWhole) {
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  EXPECT_ERROR(read_text("a.csv", "\"a\"b,c\nd,e\n", setting), "which decides the columns");
}

TEST(BadRowsTest, EndlessRowsAreRefused) {
  for (const OnBadRow on_bad_row : {OnBadRow::kError, OnBadRow::kSkip}) {
    ReadSetting setting;
    setting.options.on_bad_row = on_bad_row;
    setting.limits = {.block_bytes = 100, .row_bytes = 1000};
    const std::string fits(996, 'x');
    EXPECT_EQ(read_text("a.csv", "g,a\ng,\"" + fits + "\"\n", setting).size(), 2U);
    EXPECT_ERROR(read_text("a.csv", "g,a\ng,\"" + fits + "xx\"\n", setting),
                 "a.csv, line 2: a row is longer than 1,000 bytes");
    EXPECT_ERROR(read_text("a.csv", "g,a\ng,\"" + std::string(5000, '\n'), setting), "line 2");
  }
}

TEST(BadRowsTest, DamagedFilesAndMissingOnesAreErrorsEvenWhenSkipping) {
  ReadSetting setting;
  setting.options.on_bad_row = OnBadRow::kSkip;
  const std::string packed = gzip_bytes("g,one\ng,two\n");
  EXPECT_ERROR(read_text("a.csv.gz", packed.substr(0, packed.size() - 4), setting), "a.csv.gz");
  EXPECT_ERROR(read_file_of("/nowhere/a.csv", setting), "/nowhere/a.csv");
}

TEST(BadRowsTest, PlainLinesHaveNoLabels) {
  EXPECT_ERROR(read_text("a.txt", "one\ntwo\n"), "plain lines, which have no labels");
}

}  // namespace
}  // namespace fastformer::data
