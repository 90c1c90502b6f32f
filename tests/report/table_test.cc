// Alignment, widths and escapes of text tables.
#include "report/table.h"

#include <fastformer/error.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace fastformer::report {
namespace {

TEST(TableTest, AlignsColumns) {
  Table table({{"label"}, {"count", Align::kRight}});
  table.add_row({"sports", "7"});
  table.add_row({"b", "12345"});
  EXPECT_EQ(table.text(),
            "label   count\n"
            "------  -----\n"
            "sports      7\n"
            "b       12345\n");
}

TEST(TableTest, LeavesOutAnEmptyHeadAndFillsMissingCells) {
  Table table({{""}, {"", Align::kRight}});
  table.add_row({"width", "256"});
  table.add_row({"heads"});
  EXPECT_EQ(table.text(), "width  256\nheads\n");
  EXPECT_EQ(table.rows(), 2u);
}

TEST(TableTest, RightColumnsEndAtOnePlaceWhateverTheScript) {
  const std::vector<std::string> words = {
      "a",          "\xc3\xa4\xc3\xb6",         "\xe6\x97\xa5\xe6\x9c\xac",
      "e\xcc\x81t", "\xed\x95\x9c\xea\xb8\x80", "\xff?"};
  Table table({{"word"}, {"n", Align::kRight}});
  for (const std::string& word : words) table.add_row({word, "1"});
  for (const std::string& line : split(trim(table.text()), '\n')) {
    EXPECT_EQ(display_width(line), 7) << line;
  }
}

TEST(TableTest, ACellIsAlwaysOneLine) {
  Table table({{"text"}});
  table.add_row({"a\nb\x1b[31m"});
  EXPECT_EQ(split(table.text(), '\n').size(), 4u);
  EXPECT_EQ(table.text().find('\x1b'), std::string::npos);
}

TEST(TableTest, MarkdownEscapesBars) {
  Table table({{"a|b"}, {"n", Align::kRight}});
  table.add_row({"x|y", "1"});
  EXPECT_EQ(table.markdown(), "| a\\|b | n |\n| --- | ---: |\n| x\\|y | 1 |\n");
}

TEST(TableTest, RefusesTooManyCells) {
  Table table({{"a"}});
  EXPECT_THROW(table.add_row({"1", "2"}), Error);
}

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(display_width(""), 0);
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("\xc3\xa4"), 1);
  EXPECT_EQ(display_width("e\xcc\x81"), 1);
  EXPECT_EQ(display_width("\xe6\x97\xa5"), 2);
  EXPECT_EQ(display_width("\xf0\x9f\x98\x80"), 2);
  // Cut characters and stray bytes count one each.
  EXPECT_EQ(display_width("\xe6\x97"), 2);
  EXPECT_EQ(display_width("\x80\xff"), 2);
}

}  // namespace
}  // namespace fastformer::report
