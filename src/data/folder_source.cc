// Listing of class folders and reading of their files.
#include "data/folder_source.h"

#include <fastformer/error.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/strings.h"
#include "data/file_format.h"
#include "data/label_field.h"
#include "data/row_source.h"
#include "io/files.h"
#include "io/input_stream.h"

namespace fastformer::data {
namespace {

constexpr std::size_t kFilesPerBlock = 4096;
constexpr std::int64_t kFilesPerRange = 4;

std::string read_document(const std::string& path, std::size_t limit) {
  const auto input = io::open_input(path);
  std::string bytes;
  char chunk[1 << 16];
  while (const std::size_t count = input->read(chunk)) {
    bytes.append(chunk, count);
    if (bytes.size() > limit) {
      throw Error("is longer than " + format_count(static_cast<std::int64_t>(limit)) + " bytes",
                  path);
    }
  }
  return bytes;
}

// An error's message without the place that begins it.
std::string without_place(const std::string& message, const std::string& place) {
  return message.starts_with(place + ": ") ? message.substr(place.size() + 2) : message;
}

}  // namespace

FolderSource::FolderSource(const std::string& path, const SourceContext& context)
    : path_(path), context_(context) {
  if (!context.options.group_column.empty()) {
    throw usage_error("is a folder of documents, which have no columns", path,
                      "Leave --group-column out");
  }
  if (context.options.target == Target::kSoft) {
    throw usage_error("is a folder of documents, which have no columns", path,
                      "Leave --soft-label-column out");
  }
  if (context.needs_label && !context.options.label_separator.empty()) {
    throw usage_error("is a folder with a sub-folder for each class: a document has one label",
                      path, "Leave --label-separator out");
  }
  bool has_classes = false;
  for (const std::string& name : io::list_directory(path)) {
    if (name.starts_with('.')) continue;
    if (!io::is_directory(io::join_path(path, name))) {
      if (!context.needs_label) add("", name);
      files_without_class_ += context.needs_label;
      continue;
    }
    has_classes = true;
    for (const std::string& file : io::list_directory(io::join_path(path, name))) {
      if (!file.starts_with('.')) add(name, io::join_path(name, file));
    }
  }
  if (context.needs_label && !has_classes) {
    throw usage_error("has no sub-folders: a folder of documents has one per class", path,
                      "Give a folder of such folders, or files");
  }
}

void FolderSource::add(const std::string& label, const std::string& id) {
  const io::FileStatus status = io::status_of(io::join_path(path_, id));
  entries_.push_back({label, id, status.size, status.is_directory});
}

bool FolderSource::read(std::vector<ParsedRow>& rows, text::RepairCounts& repairs) {
  rows.clear();
  const std::size_t first = next_;
  std::size_t size = 0;
  while (next_ < entries_.size() && next_ - first < kFilesPerBlock &&
         size < std::max<std::size_t>(1, context_.limits.block_bytes)) {
    size += static_cast<std::size_t>(std::max<std::int64_t>(0, entries_[next_].size));
    ++next_;
  }
  rows.resize(next_ - first);
  std::mutex mutex;
  const auto parse_range = [&](std::int64_t begin, std::int64_t end) {
    text::RepairCounts range_repairs;
    std::int64_t range_bytes = 0;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      text::RepairCounts row_repairs;
      parse(entries_[first + i], rows[i], range_bytes, row_repairs);
      if (rows[i].reason.empty()) range_repairs += row_repairs;
    }
    const std::lock_guard lock(mutex);
    repairs += range_repairs;
    bytes_ += range_bytes;
  };
  context_.parallel_for(static_cast<std::int64_t>(rows.size()), kFilesPerRange, parse_range);
  return !rows.empty();
}

void FolderSource::parse(const Entry& entry, ParsedRow& row, std::int64_t& bytes,
                         text::RepairCounts& repairs) const {
  Record& record = row.record;
  record.line = 1;
  record.id = text::repair_text(entry.id, repairs);
  if (entry.is_folder) {
    row.reason = "is a folder inside a class folder, where documents are expected";
    return;
  }
  const std::string path = io::join_path(path_, entry.id);
  std::string document;
  std::size_t mark = 0;
  try {
    document = read_document(path, context_.limits.row_bytes);
    mark = length_of_mark(document, path);
  } catch (const Error& error) {
    row.reason = without_place(error.what(), path);
    return;
  }
  bytes += static_cast<std::int64_t>(document.size());
  record.text = text::repair_text(std::string_view(document).substr(mark), repairs);
  row.reason = set_one_label(entry.label, LabelRule(context_.options, context_.needs_label), record,
                             repairs);
}

std::string FolderSource::place(const Record& record) const {
  return io::join_path(path_, record.id);
}

std::string FolderSource::note() const {
  if (files_without_class_ == 0) return "";
  return path_ + ": " + format_count(files_without_class_) +
         " files beside the class folders were left out";
}

std::unique_ptr<DocumentSource> open_source(const std::string& path, const SourceContext& context) {
  const Format format = context.options.format;
  const bool is_folder = path != "-" && io::is_directory(path);
  if (is_folder && (format == Format::kAuto || format == Format::kFolder)) {
    return std::make_unique<FolderSource>(path, context);
  }
  if (is_folder) throw usage_error("is a folder, but --format names one of files", path);
  if (format == Format::kFolder) throw usage_error("is not a folder (--format folder)", path);
  return std::make_unique<RowSource>(path, context);
}

}  // namespace fastformer::data
