// Which format a corpus file has.
#pragma once

#include <string>
#include <string_view>

#include "data/corpus_options.h"

namespace fastformer::data {

struct FileFormat {
  Format format = Format::kLines;  // neither kAuto nor kFolder
  char delimiter = ',';            // of CSV and TSV
};

// Bytes at the beginning of a file that are looked at.
inline constexpr std::size_t kSniffedBytes = 1 << 16;

// The format by the rules of CorpusOptions. `path` is "-" for standard input; `first_line` is the
// first line that is not empty, without its line break, as far as it lies in the first
// kSniffedBytes.
FileFormat format_of(const std::string& path, std::string_view first_line,
                     const CorpusOptions& options, bool needs_label);

// Throws when the bytes that begin a file say that it is UTF-16, compressed or an archive; returns
// the length of UTF-8's byte order mark at the beginning, 0 or 3.
std::size_t length_of_mark(std::string_view beginning, const std::string& where);

}  // namespace fastformer::data
