// Turns one row of a corpus file into a record; one parser per format.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "data/corpus_options.h"
#include "data/record.h"
#include "text/repair.h"

namespace fastformer::data {

// Set up by begin() on one thread; parse() may then run on many.
class RowParser {
 public:
  virtual ~RowParser() = default;

  enum class Begin {
    kReady,   // the row is a record like all others
    kHeader,  // the row is no record
    kBadRow,  // nothing could be learned from it; ask again with the next one
  };
  // Learns the columns from the first row. Throws usage errors about them.
  virtual Begin begin(std::string_view first_row);

  // Whether a row is a blank line, which is no record.
  virtual bool is_blank(std::string_view row) const = 0;
  // Fills the record but for its line and file. Returns the reason when the row is malformed, else
  // an empty string.
  virtual std::string parse(std::string_view row, Record& record,
                            text::RepairCounts& repairs) const = 0;
};

// A parser for a file's rows in any format but kAuto and kFolder. `delimiter` is that of the two
// tables; `where` names the file. Throws a usage error for lines when labels are needed.
std::unique_ptr<RowParser> make_row_parser(Format format, char delimiter,
                                           const CorpusOptions& options, bool needs_label,
                                           const std::string& where);

}  // namespace fastformer::data
