// Reads the labels of a row from the field that holds them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/corpus_options.h"
#include "data/record.h"
#include "text/repair.h"

namespace fastformer::data {

// Reasons of malformed rows that say something of the whole corpus.
inline constexpr std::string_view kEmptyLabel = "the label is empty";
inline constexpr std::string_view kDistributionLabel =
    "the label is a distribution over labels, where a label or a list of labels is wanted";

// How the labels of a corpus are written.
struct LabelRule {
  LabelRule(const CorpusOptions& options, bool is_needed)
      : needed(is_needed), target(options.target), separator(options.label_separator) {}

  bool needed;  // a row without a label is malformed; a list of none is not
  Target target;
  std::string separator;
};

// Sets the record's one label. Returns the reason when the row is malformed, else an empty string.
std::string set_one_label(std::string_view raw, const LabelRule& rule, Record& record,
                          text::RepairCounts& repairs);

// Sets the record's label, or its list of labels, from the bytes of a field. A list is a JSON array
// of labels, labels with the rule's separator between them, or, where the rule wants lists, one
// label or none. (For distributions see soft_label_field.h.) White space at the ends of labels
// goes.
std::string set_labels(std::string_view raw, const LabelRule& rule, Record& record,
                       text::RepairCounts& repairs);

// The same from a JSON array or object, the value of a key.
std::string set_labels_from_json(const std::string& json, const LabelRule& rule, Record& record,
                                 text::RepairCounts& repairs);

// The same from labels that stand one by one.
std::string set_label_list(const std::vector<std::string>& labels, const LabelRule& rule,
                           Record& record, text::RepairCounts& repairs);

}  // namespace fastformer::data
