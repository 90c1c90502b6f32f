// Lays out tables by the display width of their cells.
#include "report/table.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/strings.h"
#include "report/xml_text.h"

namespace fastformer::report {
namespace {

struct CodeRange {
  std::uint32_t first;
  std::uint32_t last;
};

// Marks drawn over the character before them, and characters without an appearance (Unicode
// general categories Mn, Me and Cf, the blocks met in practice).
constexpr CodeRange kZeroWidth[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x3099, 0x309a}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};

// East Asian Width W and F (Unicode Standard Annex 11), by block.
constexpr CodeRange kDoubleWidth[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

template <std::size_t N>
bool within(std::uint32_t code, const CodeRange (&ranges)[N]) {
  return std::any_of(std::begin(ranges), std::end(ranges), [code](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

// Takes one code point off the front; a byte that starts none is taken alone, as itself.
std::uint32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0xc2   ? 1
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 1;
  if (length == 1 || text.size() < length) {
    text.remove_prefix(1);
    return lead;
  }
  std::uint32_t code = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) {
      text.remove_prefix(1);
      return lead;
    }
    code = code << 6 | (byte & 0x3f);
  }
  text.remove_prefix(length);
  return code;
}

std::string padded(const std::string& cell, int width, Align align) {
  const int missing = std::max(0, width - display_width(cell));
  const std::string blanks(static_cast<std::size_t>(missing), ' ');
  return align == Align::kLeft ? cell + blanks : blanks + cell;
}

std::string escaped(const std::string& cell) {
  std::string text;
  for (char c : cell) {
    if (c == '|' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

void add_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<std::string> cells) {
  if (cells.size() > columns_.size()) {
    throw Error("a row of " + std::to_string(cells.size()) + " cells in a table of " +
                std::to_string(columns_.size()) + " columns");
  }
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = printable(cell, std::numeric_limits<std::size_t>::max());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<int> widths;
  bool has_head = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    int width = display_width(columns_[c].header);
    has_head = has_head || width > 0;
    for (const auto& row : rows_) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  const auto line_of = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      line += (c > 0 ? "  " : "") + padded(cell_of(c), widths[c], columns_[c].align);
    }
    return line;
  };
  std::string text;
  if (has_head) {
    add_line(text, line_of([&](std::size_t c) { return columns_[c].header; }));
    add_line(text, line_of([&](std::size_t c) {
               return std::string(static_cast<std::size_t>(widths[c]), '-');
             }));
  }
  for (const auto& row : rows_) add_line(text, line_of([&](std::size_t c) { return row[c]; }));
  return text;
}

std::string Table::markdown() const {
  std::string text = "|";
  for (const Column& column : columns_) text += " " + escaped(column.header) + " |";
  text += "\n|";
  for (const Column& column : columns_) {
    text += column.align == Align::kLeft ? " --- |" : " ---: |";
  }
  text += "\n";
  for (const auto& row : rows_) {
    text += "|";
    for (const std::string& cell : row) text += " " + escaped(cell) + " |";
    text += "\n";
  }
  return text;
}

std::string Table::html() const {
  const auto row_of = [this](const char* tag, const auto& cell_of) {
    std::string row = "<tr>";
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const bool right = columns_[c].align == Align::kRight;
      row += std::string("<") + tag + (right ? " class=\"right\">" : ">") +
             xml_escaped(cell_of(c)) + "</" + tag + ">";
    }
    return row + "</tr>\n";
  };
  std::string text = "<table>\n";
  text += row_of("th", [this](std::size_t c) { return columns_[c].header; });
  for (const auto& row : rows_) text += row_of("td", [&row](std::size_t c) { return row[c]; });
  return text + "</table>\n";
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const std::uint32_t code = take_code_point(text);
    if (within(code, kZeroWidth)) continue;
    width += within(code, kDoubleWidth) ? 2 : 1;
  }
  return width;
}

}  // namespace fastformer::report
