// Records from fastText lines and from plain lines.
#pragma once

#include <utility>

#include "data/label_field.h"
#include "data/row_parser.h"

namespace fastformer::data {

// What begins a label of a fastText line.
inline constexpr std::string_view kLabelPrefix = "__label__";

// "__label__x __label__y text": the labels, then the text.
class FastTextParser : public RowParser {
 public:
  explicit FastTextParser(LabelRule rule) : rule_(std::move(rule)) {}

  bool is_blank(std::string_view row) const override;
  std::string parse(std::string_view row, Record& record,
                    text::RepairCounts& repairs) const override;

 private:
  LabelRule rule_;
};

// A document a line; an empty line is an empty document.
class LineParser : public RowParser {
 public:
  bool is_blank(std::string_view) const override { return false; }
  std::string parse(std::string_view row, Record& record,
                    text::RepairCounts& repairs) const override;
};

}  // namespace fastformer::data
