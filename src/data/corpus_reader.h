// Reads a corpus of one or more files, block by block or whole.
#pragma once

#include <fastformer/error.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/document_source.h"
#include "data/read_report.h"
#include "data/record.h"

namespace fastformer::data {

// Hands out the records of files in order, in blocks, so that memory stays bounded and a pipe's
// rows come out as they arrive. Rows are parsed on all threads of the ParallelFor; neither their
// number nor the size of the blocks changes a record. A "-" among the files is standard input.
class CorpusReader {
 public:
  // Throws usage errors about the options. Files are opened one after the other, while reading.
  // `needs_label` makes a row without a label malformed.
  CorpusReader(std::vector<std::string> files, CorpusOptions options, bool needs_label,
               ParallelFor parallel_for, ReadLimits limits = {});

  CorpusReader(const CorpusReader&) = delete;
  CorpusReader& operator=(const CorpusReader&) = delete;

  // Replaces `block` with the next records, at least one; false at the end of the corpus. A
  // malformed row throws an Error that names file, line and reason, after the block with the
  // records before it; with OnBadRow::kSkip it is counted instead.
  bool read_block(std::vector<Record>& block);

  // What was read so far.
  const ReadReport& report() const { return report_; }

 private:
  bool open_next();
  void take(std::vector<ParsedRow>& rows, std::vector<Record>& block);

  std::vector<std::string> files_;
  CorpusOptions options_;
  ParallelFor parallel_for_;
  ReadLimits limits_;
  SourceContext context_;
  std::unique_ptr<DocumentSource> source_;
  int next_file_ = 0;
  std::int64_t bytes_before_ = 0;  // of the files before the current one
  std::vector<ParsedRow> rows_;
  std::exception_ptr pending_;
  ReadReport report_;
};

// What is wrong with files that have none of `what` ("rows"), of which `file` is the first.
Error has_none(const std::string& what, const std::string& file);

// "FILE, line N" of a record of these files; the document's path in a folder.
std::string place_of(const Record& record, const std::vector<std::string>& files);

// Reads all records at once. `report` may be nullptr.
std::vector<Record> read_corpus(const std::vector<std::string>& files, const CorpusOptions& options,
                                bool needs_label, const ParallelFor& parallel_for,
                                ReadReport* report = nullptr);

}  // namespace fastformer::data
