// One file or folder of a corpus as a source of parsed rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/record.h"
#include "text/repair.h"

namespace fastformer::data {

// How much is read at a time, and what is too much.
struct ReadLimits {
  std::size_t block_bytes = std::size_t{8} << 20;
  std::size_t row_bytes = std::size_t{1} << 30;  // a longer row (or document file) is an error
};

// A row that became a record, or the reason why not.
struct ParsedRow {
  Record record;
  std::string reason;  // empty when the record is good
};

// What the sources of one corpus share. Everything outlives them.
struct SourceContext {
  const CorpusOptions& options;
  bool needs_label;
  const ParallelFor& parallel_for;
  const ReadLimits& limits;
};

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;

  // Sets `rows` to those of the next block of input, in order, with their lines but not their file;
  // false at the end. Blocks may be empty. Adds what was repaired in good rows.
  virtual bool read(std::vector<ParsedRow>& rows, text::RepairCounts& repairs) = 0;
  // Decompressed bytes read so far.
  virtual std::int64_t bytes() const = 0;
  // How errors name the source, and a place in it.
  virtual std::string name() const = 0;
  virtual std::string place(const Record& record) const = 0;
  // Something a user should know at the end, or nothing.
  virtual std::string note() const { return ""; }
};

// Opens a file, a folder of classes or "-" for standard input.
std::unique_ptr<DocumentSource> open_source(const std::string& path, const SourceContext& context);

}  // namespace fastformer::data
