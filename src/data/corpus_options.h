// How corpus files are to be understood: their format and which columns hold what.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"

namespace fastformer::data {

enum class Format {
  kAuto,      // by the file's name, and by its first line where the name does not say
  kCsv,       // RFC 4180
  kTsv,       // a row a line; quotes count only around a whole field
  kJsonl,     // a JSON object a line
  kFastText,  // "__label__x text"
  kFolder,    // a folder per class, a document per file
  kLines,     // a document a line
};

enum class Header { kAuto, kYes, kNo };
enum class OnBadRow { kError, kSkip };

// How many labels a document has.
enum class Target {
  kAuto,    // several when some row holds a list
  kSingle,  // one
  kMulti,   // any number, none included
  kSoft,    // shares of labels, a distribution as JSON; no choice of --target
};

// Every default is "work it out". A file whose name ends (after .gz or .zst is taken off) in .csv,
// .tsv, .jsonl, .ndjson or .json is what it says, but a .csv whose first line has tabs and no comma
// is tab-separated; a folder is a folder of classes. Other files and standard input are fastText
// when the first line begins with "__label__"; else a table or JSON Lines, by their first line,
// when columns are named (or labels are needed from standard input); else a document a line.
struct CorpusOptions {
  // Names or 1-based numbers; "a,b" in one element is two columns. In JSON Lines always keys.
  // Several are joined with a blank. Empty: see columns.h.
  std::vector<std::string> text_column;
  std::string label_column;
  std::string label_separator;  // parts the labels of a row; empty: lists are JSON arrays
  Target target = Target::kAuto;
  std::string id_column;
  std::string group_column;
  Format format = Format::kAuto;
  Header header = Header::kAuto;
  OnBadRow on_bad_row = OnBadRow::kError;
  // What parts the fields of CSV: one character or "tab"; empty means the format's own. With "tab"
  // a CSV is tab-separated with CSV's quoting (line breaks inside quotes), which TSV lacks.
  std::string delimiter;

  // The columns of the corpus that a model was trained on; they hold where the user names none.
  // No option: see adopt().
  std::vector<std::string> trained_text_column;
  std::string trained_label_column;
  std::string trained_label_separator;

  // A column that is no text, though its labels are not read: the label beside a distribution.
  // No option.
  std::string left_out_column;

  void describe(config::OptionSet& options);

  // Takes the columns from the options of the training corpus, an object as describe()'s options
  // make it; `where` names it in an Error.
  void adopt(const config::Json& trained, const std::string& where);
  // The options for one file, with the trained columns where they fit its format: any in tables,
  // names in JSON Lines. `needs_label`: only then a label's column is taken. Sets `note`, when it
  // is not nullptr, to what was taken, or to nothing.
  CorpusOptions for_format(Format file_format, bool needs_label, std::string* note = nullptr) const;

  // Takes labels from a column with distributions as JSON; the label column is then left out. An
  // empty name changes nothing. Throws a usage error for rows of several labels.
  void read_shares_from(const std::string& column);

  // What names label_column: of distributions another flag than of labels.
  const char* label_flag() const;
  // text_column with the commas taken apart and blanks around names removed.
  std::vector<std::string> text_columns() const;
  // Throws a usage error when --target and --label-separator contradict each other.
  void check_target() const;
  // Whether any option says which columns hold what.
  bool names_columns() const;
  // The character of `delimiter`, or `fallback` when it is empty. Throws a usage error.
  char delimiter_or(char fallback) const;
};

}  // namespace fastformer::data
