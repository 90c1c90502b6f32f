// Rows are cut and split by the rules of CSV and TSV, however the bytes arrive.
#include "data/delimited.h"

#include "base/random.h"
#include "data/row_cutter.h"
#include "read_text.h"

namespace fastformer::data {
namespace {

Lines csv(std::string_view row, char delimiter = ',') {
  std::vector<Field> fields;
  const std::string reason = split_csv(row, delimiter, fields);
  if (!reason.empty()) return {"malformed: " + reason};
  Lines values;
  for (const Field& field : fields) values.push_back(value_of(field));
  return values;
}

Lines tsv(std::string_view row) {
  std::vector<Field> fields;
  split_tsv(row, '\t', fields);
  Lines values;
  for (const Field& field : fields) values.push_back(value_of(field));
  return values;
}

TEST(SplitCsvTest, FollowsRfc4180) {
  EXPECT_EQ(csv("a,b"), (Lines{"a", "b"}));
  EXPECT_EQ(csv(""), (Lines{""}));
  EXPECT_EQ(csv(",,"), (Lines{"", "", ""}));
  EXPECT_EQ(csv("\"a,b\",\"\""), (Lines{"a,b", ""}));
  EXPECT_EQ(csv("\"say \"\"hi\"\"\""), (Lines{"say \"hi\""}));
  EXPECT_EQ(csv("\"\"\"\""), (Lines{"\""}));
  EXPECT_EQ(csv("\"two\nlines\",x"), (Lines{"two\nlines", "x"}));
  EXPECT_EQ(csv("5\" disk,\"a;b\";\"c\""),
            (Lines{"malformed: there is text after a closing quote"}));
  EXPECT_EQ(csv("5\" disk,x"), (Lines{"5\" disk", "x"}));
  EXPECT_EQ(csv("a;\"b;c\"", ';'), (Lines{"a", "b;c"}));
  EXPECT_EQ(csv("a,\"b"), (Lines{"malformed: a quote is opened and never closed"}));
  EXPECT_EQ(csv("a,\"b\"\""), (Lines{"malformed: a quote is opened and never closed"}));
}

TEST(SplitTsvTest, KeepsStrayQuotes) {
  EXPECT_EQ(tsv("a\tb"), (Lines{"a", "b"}));
  EXPECT_EQ(tsv("\t"), (Lines{"", ""}));
  EXPECT_EQ(tsv("\"a\tb\""), (Lines{"\"a", "b\""}));
  EXPECT_EQ(tsv("\"A\" is \"B\"\tx"), (Lines{"\"A\" is \"B\"", "x"}));
  EXPECT_EQ(tsv("\"say \"\"hi\"\"\"\tx"), (Lines{"say \"hi\"", "x"}));
  EXPECT_EQ(tsv("\"\"\t\"\t\"\"\"\t\"\"\"\""), (Lines{"", "\"", "\"\"\"", "\""}));
}

// Rows as "line:text", the bytes coming in pieces of `step`.
Lines cut(std::string_view bytes, std::optional<char> delimiter, std::size_t step) {
  RowCutter cutter(delimiter);
  std::string buffer;
  Lines rows;
  const auto take = [&](const std::vector<RowSpan>& spans) {
    for (const RowSpan& span : spans) {
      rows.push_back(std::to_string(span.line) + ":" + (span.is_cut ? "cut:" : "") +
                     buffer.substr(span.begin, span.end - span.begin));
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    buffer.erase(0, cutter.consumed());
    cutter.drop();
    buffer += bytes.substr(at, step);
    std::vector<RowSpan> spans;
    cutter.cut(buffer, spans);
    take(spans);
  }
  buffer.erase(0, cutter.consumed());
  cutter.drop();
  std::vector<RowSpan> spans;
  cutter.finish(buffer, spans);
  take(spans);
  return rows;
}

TEST(RowCutterTest, CutsOutsideQuotesAndCountsLines) {
  EXPECT_EQ(cut("a\nb\r\n\nc", ',', 100), (Lines{"1:a", "2:b", "3:", "4:c"}));
  EXPECT_EQ(cut("\"a\nb\",c\r\nd\n", ',', 100), (Lines{"1:\"a\nb\",c", "3:d"}));
  EXPECT_EQ(cut("\"a\nb\",c\nd\n", std::nullopt, 100), (Lines{"1:\"a", "2:b\",c", "3:d"}));
  EXPECT_EQ(cut("5\" x\ny,\"z\n\"\n", ',', 100), (Lines{"1:5\" x", "2:y,\"z\n\""}));
  EXPECT_EQ(cut("a\n\"b\nc", ',', 100), (Lines{"1:a", "2:cut:\"b\nc"}));
  EXPECT_EQ(cut("", ',', 100), Lines{});
}

TEST(RowCutterTest, PiecesDoNotMatter) {
  Random random(1);
  constexpr std::string_view kAlphabet = "ab,\"\"\n\r\t";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::uint64_t size = random.below(40); bytes.size() < size;) {
      bytes += kAlphabet[random.below(kAlphabet.size())];
    }
    for (const std::optional<char> delimiter : {std::optional<char>(','), std::optional<char>()}) {
      const Lines whole = cut(bytes, delimiter, 1000);
      for (const std::size_t step : {1, 2, 3, 7}) ASSERT_EQ(cut(bytes, delimiter, step), whole);
    }
  }
}

TEST(RowCutterTest, GivesUpOneLineOfARowThatNeverEnds) {
  const std::string bytes = "x\n\"a\nb\nc";
  RowCutter cutter(',');
  std::vector<RowSpan> spans;
  cutter.cut(bytes, spans);
  ASSERT_TRUE(cutter.inside_quotes());
  ASSERT_TRUE(cutter.give_up_row(bytes, spans));
  cutter.finish(bytes, spans);
  ASSERT_EQ(spans.size(), 4U);
  EXPECT_TRUE(spans[1].is_cut);
  EXPECT_EQ(spans[2].line, 3);
  EXPECT_EQ(bytes.substr(spans[3].begin), "c");
}

}  // namespace
}  // namespace fastformer::data
