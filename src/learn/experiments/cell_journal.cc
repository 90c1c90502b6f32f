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

// "epochs as 3, and now it is 4", or "" of the same.
std::string difference(const std::string& key, const Json& then, const Json& now) {
  const auto said = [](const Json& value) {
    return value.is_null() ? std::string("nothing") : printable(line_of(value), 200);
  };
  if (line_of(then) == line_of(now)) return "";
  return printable(key) + " as " + said(then) + ", and now it is " + said(now);
}

// Of what both of two objects have.
std::string difference_within(const Json& before, const Json& told) {
  for (const auto& [name, now] : told.items()) {
    if (!before.contains(name)) continue;
    if (std::string differs = difference(name, before[name], now); !differs.empty()) return differs;
  }
  return "";
}

std::string first_difference(const Json& before, const Json& told) {
  Json keys = before;
  keys.update(told);
  for (const auto& [key, unused] : keys.items()) {
    const Json then = before.value(key, Json()), now = told.value(key, Json());
    std::string differs = then.is_object() && now.is_object() ? difference_within(then, now)
                                                              : difference(key, then, now);
    if (!differs.empty()) return differs;
  }
  return "";
}

}  // namespace

CellJournal::CellJournal(std::string folder, const Json& told) : folder_(std::move(folder)) {
  lock();
  try {
    read();
    check_told(told);
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

void CellJournal::begin(const std::string& path, const Json& told) const {
  // A start that was stopped may have left what was to become compare.json.
  std::vector<std::string> names = io::list_directory(folder_);
  std::erase(names, std::string(kComparisonFile) + ".tmp");
  if (!names.empty()) {
    throw Error("holds files, and no comparison", folder_, "Give a folder that is new or empty");
  }
  io::write_file_atomically(path, config::json_text(told));
}

void CellJournal::check_told(const Json& told) const {
  const std::string path = io::join_path(folder_, kComparisonFile);
  if (!io::exists(path)) {
    begin(path, told);
    return;
  }
  const Json before = config::parse_json<Json>(io::read_file(path), path);
  if (!before.is_object()) throw Error("is no JSON object", path, "Remove the folder");
  const std::string differs = first_difference(before, told);
  if (!differs.empty() && !cells_.empty()) {
    throw Error("this comparison began with " + differs, folder_,
                "Give what it began with, or another --output");
  }
  // Before the new word: nobody may go on with what was begun by the old one.
  if (!differs.empty()) io::remove_tree(io::join_path(folder_, kBegunFolder));
  Json all = differs.empty() ? before : told;
  all.update(told, /*merge_objects=*/true);
  if (all != before) io::write_file_atomically(path, config::json_text(all));
}

void CellJournal::read() {
  const std::string path = io::join_path(folder_, kJournalFile);
  const bool is_comparison = io::exists(io::join_path(folder_, kComparisonFile));
  if (!is_comparison || !io::exists(path)) return;
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
