// Splitting of a row, then text, label, id and group from their columns.
#include "data/table_parser.h"

#include <fastformer/error.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "data/delimited.h"
#include "data/label_field.h"

namespace fastformer::data {
namespace {

std::string count_text(std::size_t count) {
  return format_count(static_cast<std::int64_t>(count)) + (count == 1 ? " field" : " fields");
}

bool has_open_quote(const std::vector<Field>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    return !field.is_quoted && field.raw.starts_with('"');
  });
}

}  // namespace

TableParser::TableParser(bool has_csv_quotes, char delimiter, const CorpusOptions& options,
                         bool needs_label, std::string where)
    : has_csv_quotes_(has_csv_quotes),
      delimiter_(delimiter),
      options_(options),
      needs_label_(needs_label),
      where_(std::move(where)) {}

RowParser::Begin TableParser::begin(std::string_view first_row) {
  std::vector<Field> fields;
  if (has_csv_quotes_) {
    const std::string reason = split_csv(first_row, delimiter_, fields);
    if (!reason.empty()) {
      throw Error("the first row, which decides the columns, is malformed: " + reason, where_,
                  "Mend it, or check --format and --delimiter");
    }
  } else {
    split_tsv(first_row, delimiter_, fields);
  }
  std::vector<std::string> cells;
  text::RepairCounts uncounted;
  for (const Field& field : fields) {
    cells.push_back(text::repair_text(value_of(field), uncounted));
  }
  columns_ = columns_of_table(cells, options_, needs_label_, where_);
  return columns_.has_header ? Begin::kHeader : Begin::kReady;
}

std::string TableParser::parse(std::string_view row, Record& record,
                               text::RepairCounts& repairs) const {
  thread_local std::vector<Field> fields;
  if (has_csv_quotes_) {
    std::string reason = split_csv(row, delimiter_, fields);
    if (!reason.empty()) return reason;
  } else {
    split_tsv(row, delimiter_, fields);
  }
  if (fields.size() != columns_.count) {
    std::string reason = "has " + count_text(fields.size()) + " where the first row has " +
                         std::to_string(columns_.count);
    if (!has_csv_quotes_ && has_open_quote(fields)) {
      reason += " (for line breaks inside quotes there is --format csv --delimiter tab)";
    }
    return reason;
  }
  std::string text;
  for (const std::size_t column : columns_.text) {
    if (!text.empty() && !fields[column].raw.empty()) text += ' ';
    append_value(fields[column], text);
  }
  record.text = text::repair_text(text, repairs);
  if (columns_.id) record.id = text::repair_text(value_of(fields[*columns_.id]), repairs);
  if (columns_.group) record.group = text::repair_text(value_of(fields[*columns_.group]), repairs);
  if (!columns_.label) return "";
  return set_labels(value_of(fields[*columns_.label]), LabelRule(options_, needs_label_), record,
                    repairs);
}

}  // namespace fastformer::data
