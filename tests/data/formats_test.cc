// Every format is recognised, read with its own quirks, and survives its edge cases.
#include <nlohmann/json.hpp>

#include "data/file_format.h"
#include "data/json_row.h"
#include "io/compressed_bytes.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

Lines read(std::string_view name, std::string_view bytes, const ReadSetting& setting = {}) {
  return labels_and_texts(read_text(name, bytes, setting));
}

ReadSetting for_use() {
  ReadSetting setting;
  setting.needs_label = false;
  return setting;
}

const Lines kTwo = {"pos|good, film", "neg|bad"};

TEST(FormatsTest, ReadsTheSameTableInEveryFormat) {
  EXPECT_EQ(read("a.csv", "label,text\npos,\"good, film\"\nneg,bad\n"), kTwo);
  EXPECT_EQ(read("a.csv", "pos,\"good, film\"\nneg,bad"), kTwo);
  EXPECT_EQ(read("a.CSV", "label\ttext\npos\tgood, film\nneg\tbad"), kTwo);
  EXPECT_EQ(read("a.tsv", "pos\tgood, film\nneg\tbad\n"), kTwo);
  EXPECT_EQ(read("a.jsonl",
                 "{\"text\":\"good, film\",\"label\":\"pos\"}\n"
                 "{\"label\":\"neg\",\"text\":\"bad\"}\n"),
            kTwo);
  EXPECT_EQ(read("a.txt", "__label__pos good, film\n__label__neg bad\n"), kTwo);
}

TEST(FormatsTest, BlankLinesMarksAndLineEndsDoNotMatter) {
  for (const std::string& mark : {std::string(), std::string("\xef\xbb\xbf")}) {
    EXPECT_EQ(read("a.csv", mark + "\r\nlabel,text\r\n\r\npos,\"good, film\"\r\nneg,bad\r\n"),
              kTwo);
    EXPECT_EQ(read("a.tsv", mark + "pos\tgood, film\r\n\r\nneg\tbad\r"), kTwo);
    EXPECT_EQ(read("a.ndjson", mark + "\n{\"text\":\"good, film\",\"label\":\"pos\"}\r\n \n"
                                      "{\"text\":\"bad\",\"label\":\"neg\"}"),
              kTwo);
    EXPECT_EQ(read("a", mark + "\n__label__pos good, film \r\n\r\n__label__neg\tbad"), kTwo);
    EXPECT_EQ(read("a.txt", mark + "one\r\n\r\ntwo", for_use()), (Lines{"|one", "|", "|two"}));
  }
}

TEST(FormatsTest, RefusesWhatIsNoText) {
  using std::string_literals::operator""s;
  const std::vector<std::pair<std::string, const char*>> binary = {
      {gzip_bytes("a text"), "zcat"},
      {zstd_bytes("a text"), "zstdcat"},
      {"\xfd"
       "7zXZ\0\0"s,
       "xzcat"},
      {"BZh91AY&SY\0\0"s, "bzcat"},
      {"PK\x03\x04\x14\0"s, "zip archive"},
      {"\xff\xfe"
       "a\0"s,
       "UTF-16"},
      {"\xfe\xff\0a"s, "UTF-16"}};
  for (const auto& [bytes, part] : binary) {
    for (const char* name : {"a.txt", "a.csv", "a.csv.gz"}) {
      const bool is_packed = std::string(name).ends_with(".gz");
      EXPECT_ERROR(read(name, is_packed ? gzip_bytes(bytes) : bytes, for_use()), part);
    }
  }
  EXPECT_EQ(read("a.txt", "BZh is a text\nPK too", for_use()),
            (Lines{"|BZh is a text", "|PK too"}));
}

TEST(FormatsTest, TheFastTextPrefixCountsMoreThanNamedColumns) {
  ReadSetting setting;
  setting.options.text_column = {"text"};
  EXPECT_EQ(read("a.txt", "__label__pos good, film\n__label__neg bad\n", setting), kTwo);
}

TEST(FormatsTest, ColumnsOfFilesWithoutColumnsAreErrorsOfUsage) {
  for (std::string CorpusOptions::*column :
       {&CorpusOptions::group_column, &CorpusOptions::id_column}) {
    ReadSetting setting = for_use();
    setting.options.*column = "x";
    EXPECT_ERROR(read("a.txt", "__label__pos good\n", setting), "which have no columns");
    setting.options.format = Format::kLines;
    EXPECT_ERROR(read("a.txt", "good\n", setting), "which have no columns");
  }
}

TEST(FormatsTest, EmptyFilesAndHeadersAloneHaveNoRecords) {
  for (const char* name : {"a.csv", "a.tsv", "a.jsonl", "a.txt", "a"}) {
    EXPECT_EQ(read(name, "", for_use()), Lines{});
    EXPECT_EQ(read(name, "\xef\xbb\xbf", for_use()), Lines{});
  }
  for (const char* end : {"", "\n", "\r\n", "\n\n"}) {
    EXPECT_EQ(read("a.csv", "text,label" + std::string(end)), Lines{});
    EXPECT_EQ(read("a.tsv", "text\tlabel" + std::string(end)), Lines{});
  }
}

TEST(FormatsTest, ReadsCompressedFiles) {
  const std::string rows = "pos,\"good, film\"\nneg,bad";
  EXPECT_EQ(read("a.csv.gz", gzip_bytes(rows.substr(0, 9)) + gzip_bytes(rows.substr(9))), kTwo);
  EXPECT_EQ(read("a.csv.zst", zstd_bytes(rows)), kTwo);
}

TEST(FormatsTest, QuotesAtTheEndBelongToTheText) {
  EXPECT_EQ(read("a.csv", "a,\"say \"\"hi\"\"\"\nb,\"\"\"\""), (Lines{"a|say \"hi\"", "b|\""}));
  EXPECT_EQ(read("a.tsv", "a\tsay \"hi\"\nb\t\"\n"), (Lines{"a|say \"hi\"", "b|\""}));
}

TEST(FormatsTest, SeveralTextColumnsJoinWithABlank) {
  ReadSetting setting;
  setting.options.text_column = {"3", "2"};
  EXPECT_EQ(read("a.csv", "x,b,a\ny,,a\nz,b,\n", setting), (Lines{"x|a b", "y|a", "z|b"}));
}

TEST(FormatsTest, IdsAndGroupsTravel) {
  ReadSetting setting;
  setting.options.id_column = "id";
  setting.options.group_column = "who";
  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::string>>{
           {"a.csv", "id,who,text,label\n7,\"x,y\",t,l\n"},
           {"a.jsonl", "{\"id\":7,\"who\":\"x,y\",\"text\":\"t\",\"label\":\"l\"}"}}) {
    const std::vector<Record> records = read_text(name, bytes, setting);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].id, "7");
    EXPECT_EQ(records[0].group, "x,y");
  }
}

TEST(FormatsTest, LabelsLoseWhiteSpaceAndTextsAreRepaired) {
  ReadReport report;
  const auto records =
      read_text("a.csv", std::string("text,label\n\"a\0b\xff\r\nc\", pos \n", 27), {}, &report);
  EXPECT_EQ(labels_and_texts(records), (Lines{"pos|a b\xc3\xbf\nc"}));
  EXPECT_EQ(report.repairs.nul, 1);
  EXPECT_EQ(report.repairs.invalid_utf8, 1);
  EXPECT_EQ(report.repairs.crlf, 1);
}

TEST(FormatsTest, Utf16IsRefused) {
  EXPECT_ERROR(read("a.csv", std::string("\xff\xfe"
                                         "a\0",
                                         4)),
               "UTF-16");
  EXPECT_ERROR(read("a.txt", std::string("\xfe\xff\0a", 4)), "iconv");
}

TEST(FormatsTest, LongDocumentsSurvive) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "word ";
  EXPECT_EQ(read("a.csv", "l,\"" + text + "\"\n"), (Lines{"l|" + text}));
  EXPECT_EQ(read("a.tsv", "l\t" + text + "\n"), (Lines{"l|" + text}));
  EXPECT_EQ(read("a.jsonl", "{\"label\":1,\"text\":\"" + text + "\"}"), (Lines{"1|" + text}));
  EXPECT_EQ(read("a.txt", text, for_use()), (Lines{"|" + text}));
}

TEST(FormatsTest, TheFormatFollowsNameThenColumnsThenFirstLine) {
  const auto format = [](const std::string& path, std::string_view line, bool needs_label = false,
                         const char* column = "") {
    CorpusOptions options;
    options.label_column = column;
    return format_of(path, line, options, needs_label).format;
  };
  EXPECT_EQ(format("a.csv.gz", "x"), Format::kCsv);
  EXPECT_EQ(format("a.tsv.zst", "x"), Format::kTsv);
  EXPECT_EQ(format("a.json", "x"), Format::kJsonl);
  EXPECT_EQ(format("a.txt", "__label__x y"), Format::kFastText);
  EXPECT_EQ(format("a.txt", "x,y"), Format::kLines);
  EXPECT_EQ(format("-", "x,y"), Format::kLines);
  EXPECT_EQ(format("-", "{\"text\":1}"), Format::kLines);
  EXPECT_EQ(format("-", "x,y", false, "2"), Format::kCsv);
  EXPECT_EQ(format("-", "x\ty", false, "2"), Format::kTsv);
  EXPECT_EQ(format("-", " {\"text\":1}", false, "a"), Format::kJsonl);
  EXPECT_EQ(format("-", "x,y", true), Format::kCsv);
  EXPECT_EQ(format("-", "__label__x y", true), Format::kFastText);
}

TEST(FormatsTest, DelimitersAreFree) {
  ReadSetting setting;
  setting.options.delimiter = ";";
  EXPECT_EQ(read("a.csv", "l;\"a;b\nc\"\n", setting), (Lines{"l|a;b\nc"}));
  setting.options.delimiter = "tab";
  EXPECT_EQ(read("a.tsv", "l\t\"a\tb\nc\"\n", setting), (Lines{"l|a\tb\nc"}));
  for (const char* wrong : {"ab", "\"", "\n"}) {
    setting.options.delimiter = wrong;
    EXPECT_ERROR(read("a.csv", "", setting), "--delimiter");
  }
}

TEST(JsonTest, ScalarsBecomeTheirText) {
  const std::string rows =
      "{\"label\":1,\"text\":2.50}\n{\"label\":true,\"text\":null}\n{\"label\":-3,\"text\":\"a\"}";
  EXPECT_EQ(read("a.jsonl", rows), (Lines{"1|2.50", "true|", "-3|a"}));
}

TEST(JsonTest, EscapesNestingAndRepeatedKeys) {
  EXPECT_EQ(read("a.jsonl",
                 "{\"x\":{\"text\":\"no\",\"y\":[1,{\"label\":2}]},\"text\":\"old\","
                 "\"text\":\"\\u00e4\\ud83d\\ude00\\n\\u0000\",\"label\":\"l\"}"),
            (Lines{"l|\xc3\xa4\xf0\x9f\x98\x80\n "}));
  std::string deep(100000, '[');
  deep += std::string(100000, ']');
  EXPECT_EQ(read("a.jsonl", "{\"deep\":" + deep + ",\"text\":\"t\",\"label\":\"l\"}"),
            (Lines{"l|t"}));
}

TEST(JsonTest, LoneSurrogatesAndBadBytesAreMended) {
  ReadReport report;
  const auto records =
      read_text("a.jsonl", "{\"text\":\"a\\ud83d \xe4 \\\\ud83d\",\"label\":\"l\"}", {}, &report);
  EXPECT_EQ(labels_and_texts(records), (Lines{"l|a\xef\xbf\xbd \xc3\xa4 \\ud83d"}));
  EXPECT_EQ(report.repairs.invalid_utf8, 1);
  EXPECT_EQ(report.repairs.surrogates, 1);
  EXPECT_EQ(report.repairs.total(), 2);
}

TEST(JsonTest, LoneSurrogatesAreFoundExactly) {
  const auto mended = [](std::string_view line) {
    std::int64_t count = 0;
    const std::string text = without_lone_surrogates(line, count);
    return text + "#" + std::to_string(count);
  };
  EXPECT_EQ(mended("\\ud83d\\ude00"), "\\ud83d\\ude00#0");
  EXPECT_EQ(mended("\\ude00\\ud83d"), "\\ufffd\\ufffd#2");
  EXPECT_EQ(mended("\\ud83d\\u0041"), "\\ufffd\\u0041#1");
  EXPECT_EQ(mended("\\\\ud83d\\"), "\\\\ud83d\\#0");
  EXPECT_EQ(mended("\\ud8"), "\\ud8#0");
}

TEST(FastTextTest, LabelsBeginTheLine) {
  EXPECT_EQ(read("a.txt", "__label__x\n__label__y  a __label__z b\n"),
            (Lines{"x|", "y|a __label__z b"}));
  EXPECT_EQ(read("a.txt", "__label__x a\nno label\n__label__y __label__z b", for_use()),
            (Lines{"x|a", "|no label", "|b"}));
}

}  // namespace
}  // namespace fastformer::data
