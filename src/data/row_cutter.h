// Finds where rows end in bytes that arrive in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fastformer::data {

// A row of a buffer, without its line break.
struct RowSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t line = 0;  // 1-based line of the file on which it begins
  bool is_cut = false;    // a quote that it opens is never closed
};

// Cuts at line feeds, or (with a delimiter) at those outside CSV quotes: a quote opens a quoted
// field only where the field begins. A carriage return before the line feed is no part of the row.
// The scan goes on where it stopped, so that the size of the pieces changes neither result nor
// cost.
class RowCutter {
 public:
  explicit RowCutter(std::optional<char> csv_delimiter = std::nullopt)
      : delimiter_(csv_delimiter) {}

  // Appends the rows that end in `buffer`, whose first byte begins the current row. The buffer may
  // only have grown since the last call, or lost its first consumed() bytes through drop().
  void cut(std::string_view buffer, std::vector<RowSpan>& rows);
  // Ends the input: appends what is left as a row.
  void finish(std::string_view buffer, std::vector<RowSpan>& rows);
  // Gives up the current row because it never ends: appends its first line as a row that is_cut and
  // scans again from the second. Returns false, doing nothing, when it has no second line.
  bool give_up_row(std::string_view buffer, std::vector<RowSpan>& rows);

  // Bytes of the buffer that belong to finished rows, and the call that takes them off.
  std::size_t consumed() const { return row_begin_; }
  void drop();

  bool inside_quotes() const { return state_ == State::kQuoted; }
  // Line on which the current row begins.
  std::int64_t line() const { return line_; }

 private:
  enum class State { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted };

  void cut_lines(std::string_view buffer, std::vector<RowSpan>& rows);
  void cut_csv(std::string_view buffer, std::vector<RowSpan>& rows);
  // The end of a run that stays in its state: the next byte that may change it, or the buffer's
  // end.
  std::size_t skip_run(std::string_view buffer, std::size_t at);
  void end_row(std::string_view buffer, std::size_t line_feed, std::vector<RowSpan>& rows);

  std::optional<char> delimiter_;
  State state_ = State::kFieldStart;
  std::size_t row_begin_ = 0;
  std::size_t scanned_ = 0;
  std::int64_t line_ = 1;         // line on which the current row begins
  std::int64_t inner_lines_ = 0;  // line feeds inside the current row
};

}  // namespace fastformer::data
