// Formats by name, then by the first line.
#include "data/file_format.h"

#include <fastformer/error.h>

#include "base/strings.h"
#include "data/line_parsers.h"
#include "io/files.h"
#include "io/input_stream.h"

namespace fastformer::data {
namespace {

// Bytes that begin files which are no text.
struct Magic {
  std::string_view bytes;
  const char* what;
  const char* advice;
};
constexpr Magic kBinary[] = {
    {"\xff\xfe", "is written in UTF-16, not in UTF-8",
     "Convert it, for example with iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", "is written in UTF-16, not in UTF-8",
     "Convert it, for example with iconv -f UTF-16 -t UTF-8"},
    {"\x1f\x8b", "is compressed with gzip",
     "Let its name end in .gz, or decompress it on the way: zcat FILE | ... -"},
    {"\x28\xb5\x2f\xfd", "is compressed with zstd",
     "Let its name end in .zst, or decompress it on the way: zstdcat FILE | ... -"},
    {std::string_view("\xfd"
                      "7zXZ\0",
                      6),
     "is compressed with xz", "Decompress it on the way: xzcat FILE | ... -"},
    {"BZh", "is compressed with bzip2", "Decompress it on the way: bzcat FILE | ... -"},
    {"PK\x03\x04", "is a zip archive, as spreadsheets and documents of office programs are",
     "Unpack it, or save the table as CSV"},
};

// Bzip2's three letters are text too: behind them and a digit stands the magic of a block.
bool is_bzip2(std::string_view beginning) {
  return beginning.size() >= 10 && beginning.substr(4, 6) == "1AY&SY";
}

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
  if (first_line.starts_with(kLabelPrefix)) return Format::kFastText;
  if (options.names_columns()) return table_format(first_line);
  // What comes through a pipe has no name to go by; plain lines have no labels.
  if (needs_label && (path == "-" || !io::status_of(path).is_regular)) {
    return table_format(first_line);
  }
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
  for (const Magic& magic : kBinary) {
    if (!beginning.starts_with(magic.bytes)) continue;
    if (magic.bytes == "BZh" && !is_bzip2(beginning)) continue;
    throw Error(magic.what, where, magic.advice);
  }
  return beginning.starts_with("\xef\xbb\xbf") ? 3 : 0;
}

}  // namespace fastformer::data
