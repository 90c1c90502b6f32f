// What data check found, as tables and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/corpus_check.h"
#include "data/suggestions.h"

namespace fastformer::apps {

struct CheckedCorpus {
  std::vector<std::string> files;
  data::CorpusFacts facts;
  std::optional<data::GroupColumn> group;
  std::vector<data::Suggestion> suggestions;
  std::vector<std::string> remarks;
};

std::string data_check_text(const CheckedCorpus& checked);
// {"rows", "empty", "files": [..], "labels": [..], "rows_with_lists", "labels_a_row": {..},
//  "words": {..}, "characters": {..},
//  "duplicates": {..}, "share_without_spaces", "rows_with_markup", "remarks": [..],
//  "suggestions": [{"flag", "value", "reason"}]} on one line.
std::string data_check_json(const CheckedCorpus& checked);

}  // namespace fastformer::apps
