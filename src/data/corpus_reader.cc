// Walks over the files and sorts good rows from bad ones.
#include "data/corpus_reader.h"

#include <fastformer/error.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/strings.h"
#include "data/label_field.h"
#include "data/label_lists.h"
#include "io/files.h"
#include "io/input_stream.h"

namespace fastformer::data {

namespace {

// Whether the good rows of a block, some taken and the rest not yet, look like lists of labels.
std::optional<LabelLists> lists_in(std::span<const Record> taken, std::span<const ParsedRow> rest) {
  std::set<std::string> labels;
  for (const Record& record : taken) labels.insert(record.label);
  for (const ParsedRow& row : rest) {
    if (row.reason.empty()) labels.insert(row.record.label);
  }
  labels.erase("");  // of JSON arrays
  return find_label_lists(std::vector<std::string>(labels.begin(), labels.end()));
}

// What to do about a malformed row. Leaving out what is no mistake of the row alone would hide it.
std::string advice(const std::string& reason, const CorpusOptions& options,
                   std::span<const Record> taken, std::span<const ParsedRow> rest) {
  if (reason == kDistributionLabel) {
    return "Train on distributions with --soft-label-column, or name the column that holds the "
           "labels with --label-column";
  }
  if (reason == kEmptyLabel && options.target == Target::kAuto) {
    if (const auto lists = lists_in(taken, rest)) {
      return "Other rows look like lists of labels, such as \"" + printable(lists->example, 40) +
             "\": with --label-separator \"" + lists->separator + "\" a row may have none";
    }
  }
  return "Mend the row, or leave such rows out with --on-bad-row skip";
}

}  // namespace

CorpusReader::CorpusReader(std::vector<std::string> files, CorpusOptions options, bool needs_label,
                           ParallelFor parallel_for, ReadLimits limits)
    : files_(std::move(files)),
      options_(std::move(options)),
      parallel_for_(std::move(parallel_for)),
      limits_(limits),
      context_{options_, needs_label, parallel_for_, limits_} {
  options_.delimiter_or(',');
  options_.check_target();
  if (std::count(files_.begin(), files_.end(), "-") > 1) {
    throw usage_error("is named twice but can be read only once", "standard input");
  }
}

bool CorpusReader::open_next() {
  if (next_file_ >= static_cast<int>(files_.size())) return false;
  source_ = open_source(files_[static_cast<std::size_t>(next_file_)], context_);
  bytes_before_ = report_.bytes;
  ++next_file_;
  return true;
}

bool CorpusReader::read_block(std::vector<Record>& block) {
  block.clear();
  if (pending_) std::rethrow_exception(pending_);
  while (block.empty()) {
    if (!source_ && !open_next()) return false;
    const bool more = source_->read(rows_, report_.repairs);
    report_.bytes = bytes_before_ + source_->bytes();
    if (more) {
      take(rows_, block);
      continue;
    }
    if (const std::string note = source_->note(); !note.empty()) report_.notes.push_back(note);
    source_.reset();
  }
  return true;
}

void CorpusReader::take(std::vector<ParsedRow>& rows, std::vector<Record>& block) {
  block.reserve(rows.size());
  for (ParsedRow& row : rows) {
    if (row.reason.empty()) {
      row.record.file = next_file_ - 1;
      report_.empty_texts += trim(row.record.text).empty();
      block.push_back(std::move(row.record));
    } else if (options_.on_bad_row == OnBadRow::kSkip) {
      ++report_.skipped_rows;
      report_.distributions += row.reason == kDistributionLabel;
      if (report_.reasons.size() < ReadReport::kReasonsKept) {
        report_.reasons.push_back(source_->place(row.record) + ": " + row.reason);
      }
    } else {
      const auto at = static_cast<std::size_t>(&row - rows.data());
      const Error error(row.reason, source_->place(row.record),
                        advice(row.reason, options_, block, std::span(rows).subspan(at)));
      pending_ = std::make_exception_ptr(error);
      break;
    }
  }
  report_.rows += static_cast<std::int64_t>(block.size());
  if (pending_ && block.empty()) std::rethrow_exception(pending_);
}

std::string place_of(const Record& record, const std::vector<std::string>& files) {
  const std::string& file = files[static_cast<std::size_t>(record.file)];
  if (file != "-" && io::is_directory(file)) return io::join_path(file, record.id);
  return io::input_name(file) + ", line " + std::to_string(record.line);
}

Error has_none(const std::string& what, const std::string& file) {
  return Error("there are no " + what, file,
               "Give a file with rows, below the names of the columns if it has them");
}

std::vector<Record> read_corpus(const std::vector<std::string>& files, const CorpusOptions& options,
                                bool needs_label, const ParallelFor& parallel_for,
                                ReadReport* report) {
  CorpusReader reader(files, options, needs_label, parallel_for);
  std::vector<Record> records;
  std::vector<Record> block;
  while (reader.read_block(block)) {
    records.insert(records.end(), std::make_move_iterator(block.begin()),
                   std::make_move_iterator(block.end()));
  }
  if (report) *report = reader.report();
  return records;
}

}  // namespace fastformer::data
