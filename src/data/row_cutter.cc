// The scan for row ends.
#include "data/row_cutter.h"

#include <algorithm>

namespace fastformer::data {

void RowCutter::cut(std::string_view buffer, std::vector<RowSpan>& rows) {
  if (delimiter_) {
    cut_csv(buffer, rows);
  } else {
    cut_lines(buffer, rows);
  }
}

void RowCutter::cut_lines(std::string_view buffer, std::vector<RowSpan>& rows) {
  for (;;) {
    const std::size_t at = buffer.find('\n', scanned_);
    if (at == std::string_view::npos) break;
    end_row(buffer, at, rows);
  }
  scanned_ = buffer.size();
}

void RowCutter::cut_csv(std::string_view buffer, std::vector<RowSpan>& rows) {
  std::size_t at = scanned_;
  while ((at = skip_run(buffer, at)) < buffer.size()) {
    const char c = buffer[at];
    if (state_ == State::kQuoted) {
      state_ = State::kQuoteInQuoted;
    } else if (c == '\n') {
      end_row(buffer, at, rows);
    } else if (c == *delimiter_) {
      state_ = State::kFieldStart;
    } else if (c == '"' && state_ != State::kUnquoted) {
      state_ = State::kQuoted;
    } else {
      state_ = State::kUnquoted;
    }
    ++at;
  }
  scanned_ = buffer.size();
}

std::size_t RowCutter::skip_run(std::string_view buffer, std::size_t at) {
  if (state_ == State::kQuoted) {
    const std::size_t quote = std::min(buffer.find('"', at), buffer.size());
    inner_lines_ += std::count(buffer.begin() + static_cast<std::ptrdiff_t>(at),
                               buffer.begin() + static_cast<std::ptrdiff_t>(quote), '\n');
    return quote;
  }
  if (state_ == State::kUnquoted) {
    const char delimiter = *delimiter_;
    while (at < buffer.size() && buffer[at] != delimiter && buffer[at] != '\n') ++at;
  }
  return at;
}

void RowCutter::end_row(std::string_view buffer, std::size_t line_feed,
                        std::vector<RowSpan>& rows) {
  std::size_t end = line_feed;
  if (end > row_begin_ && buffer[end - 1] == '\r') --end;
  rows.push_back({row_begin_, end, line_, inside_quotes()});
  row_begin_ = scanned_ = std::min(line_feed + 1, buffer.size());
  line_ += inner_lines_ + 1;
  inner_lines_ = 0;
  state_ = State::kFieldStart;
}

void RowCutter::finish(std::string_view buffer, std::vector<RowSpan>& rows) {
  cut(buffer, rows);
  if (row_begin_ < buffer.size()) end_row(buffer, buffer.size(), rows);
}

bool RowCutter::give_up_row(std::string_view buffer, std::vector<RowSpan>& rows) {
  const std::size_t at = buffer.find('\n', row_begin_);
  if (at == std::string_view::npos) return false;
  inner_lines_ = 0;
  state_ = State::kQuoted;
  end_row(buffer, at, rows);
  return true;
}

void RowCutter::drop() {
  scanned_ -= row_begin_;
  row_begin_ = 0;
}

}  // namespace fastformer::data
