// Records from the objects of JSON Lines files.
#pragma once

#include <optional>
#include <vector>

#include "data/json_row.h"
#include "data/row_parser.h"

namespace fastformer::data {

class JsonParser : public RowParser {
 public:
  JsonParser(const CorpusOptions& options, bool needs_label, std::string where);

  // Keys that the user does not name are found in the first object.
  Begin begin(std::string_view first_row) override;
  bool is_blank(std::string_view row) const override;
  std::string parse(std::string_view row, Record& record,
                    text::RepairCounts& repairs) const override;

 private:
  // From the value of the label's key in `line`.
  std::string read_labels(const std::string& line, const JsonValue& value, Record& record,
                          text::RepairCounts& repairs) const;

  const CorpusOptions& options_;
  bool needs_label_;
  std::string where_;
  std::vector<std::string> keys_;  // first those of the text
  std::size_t text_keys_ = 0;
  std::optional<std::size_t> label_;  // into keys_, like the next two
  std::optional<std::size_t> id_;
  std::optional<std::size_t> group_;
};

}  // namespace fastformer::data
