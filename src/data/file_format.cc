// Formats by name, then by the first line.
#include "data/file_format.h"

#include <fastformer/error.h>

#include "base/strings.h"
#include "data/line_parsers.h"
#include "io/input_stream.h"

namespace fastformer::data {
namespace {

bool has(std::string_view line, char c) { return line.find(c) != std::string_view::npos; }

bool has_tabs_only(std::string_view line) { return has(line, '\t') && !has(line, ','); }

// The format of what is known to be a table or JSON Lines.
Format table_format(std::string_view first_line) {
  if (trim(first_line).starts_with('{')) return Format::kJsonl;
  return has_tabs_only(first_line) ? Format::kTsv : Format::kCsv;
}

Format by_name_or_line(const std::string& path, std::string_view first_line,
                       const CorpusOptions& options, bool needs_label) {
  const std::string name = ascii_lower(io::uncompressed_name(path));
  const bool gives_delimiter = !options.delimiter.empty();
  if (name.ends_with(".tsv") && !gives_delimiter) return Format::kTsv;
  if (name.ends_with(".csv") && !gives_delimiter && has_tabs_only(first_line)) return Format::kTsv;
  if (name.ends_with(".csv") || gives_delimiter) return Format::kCsv;
  for (const char* ending : {".jsonl", ".ndjson", ".json"}) {
    if (name.ends_with(ending)) return Format::kJsonl;
  }
  if (options.names_columns()) return table_format(first_line);
  if (first_line.starts_with(kLabelPrefix)) return Format::kFastText;
  if (needs_label && path == "-") return table_format(first_line);
  return Format::kLines;
}

}  // namespace

FileFormat format_of(const std::string& path, std::string_view first_line,
                     const CorpusOptions& options, bool needs_label) {
  FileFormat result;
  result.format = options.format == Format::kAuto
                      ? by_name_or_line(path, first_line, options, needs_label)
                      : options.format;
  result.delimiter = options.delimiter_or(result.format == Format::kTsv ? '\t' : ',');
  return result;
}

std::size_t length_of_mark(std::string_view beginning, const std::string& where) {
  if (beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff")) {
    throw Error("is written in UTF-16, not in UTF-8", where,
                "Convert it, for example with iconv -f UTF-16 -t UTF-8");
  }
  return beginning.starts_with("\xef\xbb\xbf") ? 3 : 0;
}

}  // namespace fastformer::data
