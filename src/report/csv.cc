// Quotes for CSV.
#include "report/csv.h"

#include <cstddef>

namespace fastformer::report {
namespace {

std::string without_controls(std::string cell) {
  for (char& c : cell) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = ' ';
  }
  return cell;
}

void append_cell(const std::string& cell, std::string& row) {
  const bool needs_quotes = cell.find_first_of(",\"\n\t") != std::string::npos ||
                            cell.starts_with(' ') || cell.ends_with(' ');
  if (!needs_quotes) {
    row += cell;
    return;
  }
  row += '"';
  for (const char c : cell) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

}  // namespace

std::string csv_row(std::span<const std::string> cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row += ',';
    append_cell(without_controls(cells[i]), row);
  }
  return row + "\n";
}

}  // namespace fastformer::report
