// The choice of a parser, and what all parsers share.
#include "data/row_parser.h"

#include <fastformer/error.h>

#include <utility>

#include "base/strings.h"
#include "data/json_parser.h"
#include "data/line_parsers.h"
#include "data/table_parser.h"

namespace fastformer::data {

namespace {

// Formats without columns: what only a column could give must not be lost without a word.
void refuse_columns(Format format, const CorpusOptions& options, const std::string& where) {
  if (format != Format::kFastText && format != Format::kLines) return;
  const std::string what =
      format == Format::kFastText ? "holds fastText lines" : "holds plain lines";
  if (options.target == Target::kSoft) {
    throw usage_error(what + ", which have no columns", where, "Leave --soft-label-column out");
  }
  for (const auto& [flag, column] : {std::pair("--group-column", &options.group_column),
                                     std::pair("--id-column", &options.id_column)}) {
    if (column->empty()) continue;
    throw usage_error(what + ", which have no columns", where,
                      "Leave " + std::string(flag) + " out, or see --format");
  }
}

}  // namespace

RowParser::Begin RowParser::begin(std::string_view) { return Begin::kReady; }

std::unique_ptr<RowParser> make_row_parser(Format format, char delimiter,
                                           const CorpusOptions& options, bool needs_label,
                                           const std::string& where) {
  refuse_columns(format, options, where);
  switch (format) {
    case Format::kCsv:
    case Format::kTsv:
      return std::make_unique<TableParser>(format == Format::kCsv, delimiter, options, needs_label,
                                           where);
    case Format::kJsonl:
      return std::make_unique<JsonParser>(options, needs_label, where);
    case Format::kFastText:
      return std::make_unique<FastTextParser>(LabelRule(options, needs_label));
    case Format::kLines:
    case Format::kAuto:
    case Format::kFolder:
      break;
  }
  if (needs_label) {
    throw usage_error("holds plain lines, which have no labels", where,
                      "Give a CSV, TSV, JSON Lines or fastText file (see --format), or a folder "
                      "with a folder per class");
  }
  return std::make_unique<LineParser>();
}

}  // namespace fastformer::data
