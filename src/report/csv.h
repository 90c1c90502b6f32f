// Rows of CSV files (RFC 4180).
#pragma once

#include <span>
#include <string>

namespace fastformer::report {

// The cells with commas between them and a line feed at the end; a cell that needs quotes gets
// them. Control characters other than tab and line feed become a blank.
std::string csv_row(std::span<const std::string> cells);

}  // namespace fastformer::report
