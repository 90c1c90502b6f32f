// Records from the rows of CSV and TSV files.
#pragma once

#include "data/columns.h"
#include "data/row_parser.h"

namespace fastformer::data {

class TableParser : public RowParser {
 public:
  // `has_csv_quotes` tells CSV from TSV.
  TableParser(bool has_csv_quotes, char delimiter, const CorpusOptions& options, bool needs_label,
              std::string where);

  Begin begin(std::string_view first_row) override;
  bool is_blank(std::string_view row) const override { return row.empty(); }
  std::string parse(std::string_view row, Record& record,
                    text::RepairCounts& repairs) const override;

 private:
  bool has_csv_quotes_;
  char delimiter_;
  const CorpusOptions& options_;
  bool needs_label_;
  std::string where_;
  Columns columns_;
};

}  // namespace fastformer::data
