// Field list of CorpusOptions.
#include "data/corpus_options.h"

#include <fastformer/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace fastformer::data {
namespace {

bool is_number(const std::string& column) { return parse_int(column).has_value(); }

}  // namespace

void CorpusOptions::describe(config::OptionSet& options) {
  options.group("Data")
      .add("text-column", &text_column, "NAME|N...",
           "columns of the text, joined with a blank; found by themselves in most files")
      .add("label-column", &label_column, "NAME|N", "column of the label or labels")
      .add("label-separator", &label_separator, "S",
           "what parts several labels of a row, such as \"|\"; without it they are a JSON array")
      .add("target", &target,
           {{"auto", Target::kAuto}, {"single", Target::kSingle}, {"multi", Target::kMulti}},
           "one label a document, or several (or none); auto: several when a row holds a list")
      .add("id-column", &id_column, "NAME|N", "column that is copied to the predictions")
      .add("group-column", &group_column, "NAME|N",
           "column whose rows stay together when a validation set is split off")
      .add("format", &format,
           {{"auto", Format::kAuto},
            {"csv", Format::kCsv},
            {"tsv", Format::kTsv},
            {"jsonl", Format::kJsonl},
            {"fasttext", Format::kFastText},
            {"folder", Format::kFolder},
            {"lines", Format::kLines}},
           "format of the corpus; auto goes by the file's name, then by its first line")
      .add("header", &header, {{"auto", Header::kAuto}, {"yes", Header::kYes}, {"no", Header::kNo}},
           "whether the first row of a table names its columns")
      .add("on-bad-row", &on_bad_row, {{"error", OnBadRow::kError}, {"skip", OnBadRow::kSkip}},
           "stop at a malformed row, or leave it out and count it")
      .add("delimiter", &delimiter, "C", "character between the fields of a CSV file, or \"tab\"");
}

void CorpusOptions::adopt(const config::Json& trained, const std::string& where) {
  CorpusOptions corpus;
  config::OptionSet set;
  corpus.describe(set);
  try {
    set.apply_json(trained, config::Source::kFile, "");
  } catch (const Error& error) {
    throw Error(error.what(), where);
  }
  trained_text_column = corpus.text_columns();
  trained_label_column = corpus.label_column;
  trained_label_separator = corpus.label_separator;
}

CorpusOptions CorpusOptions::for_format(Format file_format, bool needs_label,
                                        std::string* note) const {
  CorpusOptions options = *this;
  if (note) note->clear();
  const bool is_table = file_format == Format::kCsv || file_format == Format::kTsv;
  if (!is_table && file_format != Format::kJsonl) return options;
  const auto fits = [&](const std::string& column) { return is_table || !is_number(column); };
  if (text_column.empty() && !trained_text_column.empty() &&
      std::all_of(trained_text_column.begin(), trained_text_column.end(), fits)) {
    options.text_column = trained_text_column;
    if (note) *note = "text from column " + join(trained_text_column, ", ") + ", as in training";
  }
  if (needs_label && label_column.empty() && !trained_label_column.empty() &&
      fits(trained_label_column)) {
    options.label_column = trained_label_column;
  }
  if (label_separator.empty() && target != Target::kSingle) {
    options.label_separator = trained_label_separator;
  }
  return options;
}

void CorpusOptions::read_shares_from(const std::string& column) {
  if (column.empty()) return;
  if (target == Target::kMulti || !label_separator.empty()) {
    throw usage_error("a distribution is over labels of which one holds", "--soft-label-column",
                      "Leave --target multi and --label-separator out");
  }
  left_out_column = label_column;
  label_column = column;
  target = Target::kSoft;
}

const char* CorpusOptions::label_flag() const {
  return target == Target::kSoft ? "--soft-label-column" : "--label-column";
}

std::vector<std::string> CorpusOptions::text_columns() const {
  std::vector<std::string> columns;
  for (const std::string& element : text_column) {
    for (const std::string& name : split(element, ',')) {
      if (!trim(name).empty()) columns.emplace_back(trim(name));
    }
  }
  return columns;
}

void CorpusOptions::check_target() const {
  if (target != Target::kSingle || label_separator.empty()) return;
  throw usage_error("parts several labels of a row", "--label-separator",
                    "Leave it out where a document has one label (--target single)");
}

bool CorpusOptions::names_columns() const {
  return !text_column.empty() || !label_column.empty() || !id_column.empty() ||
         !group_column.empty();
}

char CorpusOptions::delimiter_or(char fallback) const {
  if (delimiter.empty()) return fallback;
  if (delimiter == "tab" || delimiter == "\\t") return '\t';
  const char c = delimiter[0];
  if (delimiter.size() != 1 || c == '"' || c == '\n' || c == '\r') {
    throw usage_error("\"" + printable(delimiter) + "\" cannot part fields", "--delimiter",
                      "Give one character other than a quote, or tab");
  }
  return c;
}

}  // namespace fastformer::data
