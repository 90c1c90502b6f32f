// The finished cells of a comparison, kept in its folder as they come.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "config/options.h"

namespace fastformer::learn {

inline constexpr char kJournalFile[] = "cells.jsonl";      // a line for each finished cell
inline constexpr char kComparisonFile[] = "compare.json";  // what its numbers depend on
inline constexpr char kBegunFolder[] = "cells";            // of what is not finished

// A line is durable before the next cell begins, and one that was cut off while it was written is
// forgotten.
class CellJournal {
 public:
  // Opens the journal in an existing folder, empty or a comparison's, which no other process may
  // use meanwhile. `told` is an object of what all of its cells depend on: once a cell is finished,
  // a folder in which it was another is an Error that names the first difference; before that
  // kBegunFolder is removed and all begins anew. Its members that are objects may be given new
  // members by and by, and need not have all of them again.
  CellJournal(std::string folder, const config::Json& told);
  ~CellJournal();
  CellJournal(const CellJournal&) = delete;
  CellJournal& operator=(const CellJournal&) = delete;

  const std::map<std::string, config::Json>& cells() const { return cells_; }
  // What a finished cell found, or nullptr.
  const config::Json* find(const std::string& cell) const;
  // `result` is an object.
  void add(const std::string& cell, const config::Json& result);
  // As if the cell were not finished, until it is added again; the file keeps what it found.
  void forget(const std::string& cell) { cells_.erase(cell); }

 private:
  void lock();
  void read();
  void check_told(const config::Json& told) const;
  void begin(const std::string& path, const config::Json& told) const;

  std::string folder_;
  int file_ = -1;  // the folder, open and locked
  std::map<std::string, config::Json> cells_;
};

}  // namespace fastformer::learn
