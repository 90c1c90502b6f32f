// Names of columns, then a look at their values.
#include "data/group_column.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "data/columns.h"
#include "data/corpus_reader.h"
#include "data/delimited.h"
#include "data/file_format.h"
#include "data/json_row.h"
#include "io/files.h"
#include "io/input_stream.h"
#include "text/repair.h"

namespace fastformer::data {
namespace {

// In lower case, without '_', '-' and blanks; what says most clearly whose rows they are first.
constexpr std::string_view kGroupNames[] = {
    "group",      "groupid",  "author",     "authorid",  "user",           "userid",
    "username",   "reviewer", "reviewerid", "patient",   "patientid",      "customer",
    "customerid", "speaker",  "speakerid",  "threadid",  "conversationid", "sessionid",
    "documentid", "docid",    "articleid",  "source",    "sourceid",       "publisher",
    "domain",     "site",     "channel",    "subreddit", "product",        "productid",
    "asin",       "business", "businessid", "item",      "itemid"};
constexpr std::int64_t kFewestGroups = 10;
constexpr double kLeastRowsPerGroup = 1.1;

std::string plain_name(std::string_view name) {
  std::string plain = ascii_lower(trim(name));
  std::erase_if(plain, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return plain;
}

// The beginning of a file, decompressed.
std::string beginning_of(const std::string& path) {
  const auto input = io::open_input(path);
  std::string bytes(kSniffedBytes, '\0');
  std::size_t used = 0;
  while (used < bytes.size()) {
    const std::size_t count = input->read({bytes.data() + used, bytes.size() - used});
    if (count == 0) break;
    used += count;
  }
  bytes.resize(used);
  return bytes;
}

struct NamedColumns {
  std::vector<std::string> names;
  Columns used;
};

// The columns that the first line names, or nothing.
std::optional<NamedColumns> named_columns(const std::string& path, const CorpusOptions& options,
                                          bool needs_label) {
  const std::string bytes = beginning_of(path);
  std::string_view line = std::string_view(bytes).substr(length_of_mark(bytes, path));
  line.remove_prefix(std::min(line.find_first_not_of("\r\n"), line.size()));
  line = line.substr(0, line.find_first_of("\r\n"));
  const FileFormat format = format_of(path, line, options, needs_label);
  text::RepairCounts uncounted;
  NamedColumns columns;
  if (format.format == Format::kJsonl) {
    if (!read_keys(text::repair_text(line, uncounted), columns.names).empty()) return std::nullopt;
    columns.used = columns_of_keys(columns.names, options, needs_label, path);
    return columns;
  }
  if (format.format != Format::kCsv && format.format != Format::kTsv) return std::nullopt;
  std::vector<Field> fields;
  if (format.format == Format::kTsv) {
    split_tsv(line, format.delimiter, fields);
  } else if (!split_csv(line, format.delimiter, fields).empty()) {
    return std::nullopt;
  }
  for (const Field& field : fields) {
    columns.names.push_back(text::repair_text(value_of(field), uncounted));
  }
  columns.used = columns_of_table(columns.names, options, needs_label, path);
  if (!columns.used.has_header) return std::nullopt;
  return columns;
}

bool is_used(std::size_t column, const Columns& used) {
  return used.label == column || used.id == column || used.group == column ||
         std::count(used.text.begin(), used.text.end(), column) > 0;
}

// What the first block of rows says about a column.
GroupColumn look_at(const std::string& path, CorpusOptions options, bool needs_label,
                    const std::string& name, const ParallelFor& parallel_for) {
  options.group_column = name;
  options.on_bad_row = OnBadRow::kSkip;
  CorpusReader reader({path}, options, needs_label, parallel_for);
  std::vector<Record> block;
  GroupColumn column = {name, 0, 0};
  if (!reader.read_block(block)) return column;
  std::unordered_set<std::string> groups;
  for (Record& record : block) {
    if (record.group.empty()) continue;
    ++column.rows;
    groups.insert(std::move(record.group));
  }
  column.groups = static_cast<std::int64_t>(groups.size());
  return column;
}

}  // namespace

std::optional<GroupColumn> likely_group_column(const std::string& path,
                                               const CorpusOptions& options, bool needs_label,
                                               const ParallelFor& parallel_for) {
  if (path == "-" || !io::status_of(path).is_regular) return std::nullopt;
  const auto columns = named_columns(path, options, needs_label);
  if (!columns) return std::nullopt;
  for (const std::string_view known : kGroupNames) {
    for (std::size_t i = 0; i < columns->names.size(); ++i) {
      if (plain_name(columns->names[i]) != known || is_used(i, columns->used)) continue;
      const GroupColumn column =
          look_at(path, options, needs_label, columns->names[i], parallel_for);
      const double repeats = static_cast<double>(column.rows) /
                             static_cast<double>(std::max<std::int64_t>(1, column.groups));
      if (column.groups >= kFewestGroups && repeats >= kLeastRowsPerGroup) return column;
    }
  }
  return std::nullopt;
}

}  // namespace fastformer::data
