// Tables of text, aligned for a terminal, as Markdown or as HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastformer::report {

enum class Align { kLeft, kRight };

struct Column {
  std::string header;
  Align align = Align::kLeft;
};

// Rows of cells under named columns. Control characters in cells are shown escaped, so that a cell
// is always one line.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // Missing cells at the end stay empty; more cells than columns are an Error.
  void add_row(std::vector<std::string> cells);
  std::size_t rows() const { return rows_.size(); }

  // Lines that end in '\n': headers, a rule, the rows; columns two blanks apart and no blanks at
  // the end of a line. Without the head when every header is empty.
  std::string text() const;
  std::string markdown() const;
  // An element <table>.
  std::string html() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Terminal columns that UTF-8 text takes: none for combining marks, two for wide East Asian
// characters and emoji, one for any other code point and for each byte that is not UTF-8.
int display_width(std::string_view text);

}  // namespace fastformer::report
