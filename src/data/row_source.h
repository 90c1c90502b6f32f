// Rows of one corpus file (or of standard input), read and parsed block by block.
#pragma once

#include <fastformer/error.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "data/document_source.h"
#include "data/row_cutter.h"
#include "data/row_parser.h"
#include "io/input_stream.h"

namespace fastformer::data {

class RowSource : public DocumentSource {
 public:
  RowSource(const std::string& path, const SourceContext& context);

  bool read(std::vector<ParsedRow>& rows, text::RepairCounts& repairs) override;
  std::int64_t bytes() const override { return bytes_; }
  std::string name() const override { return name_; }
  std::string place(const Record& record) const override;
  std::string note() const override;

 private:
  // Reads one block, or what a pipe has.
  void fill();
  // Takes off the byte order mark and chooses the parser once the first line that is not empty is
  // there; false when more must be read first.
  bool begin();
  void cut(std::vector<RowSpan>& spans);
  // Shows the parser its first row and removes a header and blank lines from `spans`.
  void drop_rows_without_record(std::vector<RowSpan>& spans);
  void parse(const std::vector<RowSpan>& spans, std::vector<ParsedRow>& rows,
             text::RepairCounts& repairs) const;
  std::string_view row(const RowSpan& span) const {
    return std::string_view(buffer_).substr(span.begin, span.end - span.begin);
  }
  // Makes the next read() throw because the row at `line` is too long.
  void refuse_row(std::int64_t line);

  std::string path_;
  std::string name_;
  SourceContext context_;
  CorpusOptions options_;  // the context's, for this file's format; the parser refers to them
  std::string note_;
  std::unique_ptr<io::InputStream> input_;
  bool is_pipe_;
  bool at_end_ = false;
  bool has_begun_ = false;
  bool knows_columns_ = false;
  int rows_given_up_ = 0;
  std::int64_t bytes_ = 0;
  std::optional<Error> failure_;
  std::string buffer_;
  RowCutter cutter_;
  std::unique_ptr<RowParser> parser_;
};

}  // namespace fastformer::data
