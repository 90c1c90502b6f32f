// Reads, mends and appends to cells.jsonl.
#include "learn/experiments/cell_journal.h"

#include <fastformer/error.h>
#include <fcntl.h>

#include <utility>

#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"

namespace fastformer::learn {
namespace {

using config::Json;

constexpr char kCell[] = "cell";

std::string line_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

CellJournal::CellJournal(std::string folder, const Json& told) : folder_(std::move(folder)) {
  lock();
  try {
    check_told(told);
    read();
  } catch (...) {
    io::operations().close(file_);
    throw;
  }
}

CellJournal::~CellJournal() { io::operations().close(file_); }

void CellJournal::lock() {
  file_ = io::operations().open(folder_, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (file_ < 0) io::fail_with_errno("open", folder_);
  if (io::operations().lock(file_) == 0) return;
  io::operations().close(file_);
  throw Error("another comparison is at work in it", folder_, "Wait until it has ended");
}

void CellJournal::require_same(const std::string& key, const Json& then, const Json& now) const {
  const auto said = [](const Json& value) {
    return value.is_null() ? std::string("nothing") : printable(line_of(value), 200);
  };
  if (line_of(then) == line_of(now)) return;
  throw Error("this comparison began with " + printable(key) + " as " + said(then) +
                  ", and now it is " + said(now),
              folder_, "Give what it began with, or another --output");
}

void CellJournal::check_told(const Json& told) const {
  const std::string path = io::join_path(folder_, kComparisonFile);
  if (!io::exists(path)) {
    // A start that was stopped may have left what was to become compare.json.
    std::vector<std::string> names = io::list_directory(folder_);
    std::erase(names, std::string(kComparisonFile) + ".tmp");
    if (!names.empty()) {
      throw Error("holds files, and no comparison", folder_, "Give a folder that is new or empty");
    }
    io::write_file_atomically(path, config::json_text(told));
    return;
  }
  Json before = config::parse_json<Json>(io::read_file(path), path);
  if (!before.is_object()) throw Error("is no JSON object", path, "Remove the folder");
  bool is_more = false;
  Json keys = before;
  keys.update(told);
  for (const auto& [key, unused] : keys.items()) {
    const Json now = told.value(key, Json());
    Json& then = before[key];
    if (!then.is_object() || !now.is_object()) {
      require_same(key, then, now);
      continue;
    }
    for (const auto& [name, value] : now.items()) {
      if (then.contains(name)) {
        require_same(name, then[name], value);
      } else {
        then[name] = value;
        is_more = true;
      }
    }
  }
  if (is_more) io::write_file_atomically(path, config::json_text(before));
}

void CellJournal::read() {
  const std::string path = io::join_path(folder_, kJournalFile);
  if (!io::exists(path)) return;
  const std::string text = io::read_file(path);
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size()) io::write_file_atomically(path, text.substr(0, whole));
  int number = 0;
  for (const std::string& line : split(std::string_view(text).substr(0, whole), '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::string where = path + ", line " + std::to_string(number);
    Json result = config::parse_json<Json>(line, where);
    if (!result.is_object() || !result.contains(kCell) || !result[kCell].is_string()) {
      throw Error("names no cell", where, "Remove the line: its cell is done again then");
    }
    const std::string cell = result[kCell].get<std::string>();
    cells_[cell] = std::move(result);
  }
}

const Json* CellJournal::find(const std::string& cell) const {
  const auto found = cells_.find(cell);
  return found == cells_.end() ? nullptr : &found->second;
}

void CellJournal::add(const std::string& cell, const Json& result) {
  Json line = {{kCell, cell}};
  line.update(result);
  io::OutputFile file(io::join_path(folder_, kJournalFile), /*append=*/true);
  file.write(line_of(line) + "\n");
  file.sync();
  file.close();
  io::sync_directory(folder_);
  cells_[cell] = std::move(line);
}

}  // namespace fastformer::learn
