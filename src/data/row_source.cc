// Reading in blocks, cutting serially, parsing on all threads.
#include "data/row_source.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/strings.h"
#include "data/file_format.h"
#include "io/files.h"

namespace fastformer::data {
namespace {

// More than a pipe holds, and little enough to be cleared for every read. Later reads of a block
// grow.
constexpr std::size_t kFirstRead = std::size_t{1} << 18;
constexpr std::int64_t kRowsPerRange = 16;
// Rows of one file that are given up at its end for a quote never closed; each costs a scan of the
// rest.
constexpr int kMostRowsGivenUp = 100;

}  // namespace

RowSource::RowSource(const std::string& path, const SourceContext& context)
    : path_(path),
      name_(io::input_name(path)),
      context_(context),
      input_(io::open_input(path)),
      is_pipe_(path == "-" || !io::status_of(path).is_regular) {}

std::string RowSource::place(const Record& record) const {
  return name_ + ", line " + std::to_string(record.line);
}

std::string RowSource::note() const { return note_.empty() ? "" : name_ + ": " + note_; }

bool RowSource::read(std::vector<ParsedRow>& rows, text::RepairCounts& repairs) {
  rows.clear();
  if (failure_) throw Error(*failure_);
  if (at_end_) return false;
  fill();
  if (!has_begun_ && !begin()) return true;
  std::vector<RowSpan> spans;
  cut(spans);
  drop_rows_without_record(spans);
  parse(spans, rows, repairs);
  return true;
}

void RowSource::fill() {
  buffer_.erase(0, cutter_.consumed());
  cutter_.drop();
  std::size_t used = buffer_.size();
  const std::size_t goal = used + std::max<std::size_t>(1, context_.limits.block_bytes);
  for (std::size_t step = kFirstRead; used < goal && !at_end_;) {
    buffer_.resize(std::min(goal, used + step));
    const std::size_t count = input_->read({buffer_.data() + used, buffer_.size() - used});
    used += count;
    bytes_ += static_cast<std::int64_t>(count);
    at_end_ = count == 0;
    if (is_pipe_) break;
    step = std::min(2 * step, goal);
  }
  buffer_.resize(used);
}

bool RowSource::begin() {
  const std::size_t mark = length_of_mark(buffer_, name_);
  std::string_view line = std::string_view(buffer_).substr(mark, kSniffedBytes);
  line.remove_prefix(std::min(line.find_first_not_of("\r\n"), line.size()));
  const std::size_t end = line.find('\n');
  const bool is_whole = end != std::string_view::npos || buffer_.size() >= mark + kSniffedBytes;
  if (!is_whole && !at_end_) return false;

  line = line.substr(0, end);
  const FileFormat format = format_of(path_, line, context_.options, context_.needs_label);
  if (format.format == Format::kCsv) cutter_ = RowCutter(format.delimiter);
  options_ = context_.options.for_format(format.format, context_.needs_label, &note_);
  parser_ = make_row_parser(format.format, format.delimiter, options_, context_.needs_label, name_);
  buffer_.erase(0, mark);
  has_begun_ = true;
  return true;
}

void RowSource::refuse_row(std::int64_t line) {
  failure_.emplace("a row is longer than " +
                       format_count(static_cast<std::int64_t>(context_.limits.row_bytes)) +
                       " bytes",
                   name_ + ", line " + std::to_string(line),
                   "Look for a quote that is never closed, or for a file that is no text");
}

void RowSource::cut(std::vector<RowSpan>& spans) {
  const std::size_t most = context_.limits.row_bytes;
  // A carriage return at the end of what is not yet a whole row may not count.
  const auto rest_fits = [&] { return buffer_.size() - cutter_.consumed() <= most + 1; };
  cutter_.cut(buffer_, spans);
  if (at_end_) {
    while (context_.options.on_bad_row == OnBadRow::kSkip && cutter_.inside_quotes() &&
           rest_fits() && rows_given_up_ < kMostRowsGivenUp &&
           cutter_.give_up_row(buffer_, spans)) {
      ++rows_given_up_;
      cutter_.cut(buffer_, spans);
    }
    if (rest_fits()) cutter_.finish(buffer_, spans);
  }
  if (!rest_fits()) refuse_row(cutter_.line());
  const auto too_long = std::find_if(spans.begin(), spans.end(), [&](const RowSpan& span) {
    return span.end - span.begin > most;
  });
  if (too_long == spans.end()) return;
  refuse_row(too_long->line);
  spans.erase(too_long, spans.end());
}

void RowSource::drop_rows_without_record(std::vector<RowSpan>& spans) {
  std::erase_if(spans, [this](const RowSpan& span) {
    if (parser_->is_blank(row(span))) return true;
    if (knows_columns_) return false;
    const RowParser::Begin result = parser_->begin(row(span));
    knows_columns_ = result != RowParser::Begin::kBadRow;
    return result == RowParser::Begin::kHeader;
  });
}

void RowSource::parse(const std::vector<RowSpan>& spans, std::vector<ParsedRow>& rows,
                      text::RepairCounts& repairs) const {
  rows.resize(spans.size());
  std::mutex mutex;
  const auto parse_range = [&](std::int64_t begin, std::int64_t end) {
    text::RepairCounts range_repairs;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      text::RepairCounts row_repairs;
      rows[i].record.line = spans[i].line;
      rows[i].reason = spans[i].is_cut ? "a quote is opened and never closed"
                                       : parser_->parse(row(spans[i]), rows[i].record, row_repairs);
      if (rows[i].reason.empty()) range_repairs += row_repairs;
    }
    const std::lock_guard lock(mutex);
    repairs += range_repairs;
  };
  context_.parallel_for(static_cast<std::int64_t>(spans.size()), kRowsPerRange, parse_range);
}

}  // namespace fastformer::data
