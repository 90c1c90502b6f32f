// One document of a corpus, as read: plain text with its label and where it came from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fastformer::data {

struct Record {
  std::string text;   // valid UTF-8 without control characters but tab and line feed
  std::string label;  // without white space at its ends; empty when has_label is false
  bool has_label = false;
  // Of a row whose labels stand in a list: them, each once, in the order of the list; there may be
  // none. Then `label` is empty and has_label true.
  bool has_list = false;
  std::vector<std::string> labels;
  // Of a row with a distribution over labels: the share of each of `labels`; together 1.
  std::vector<float> shares;
  std::string id;         // empty unless there is an id column; "label/name" in a folder of classes
  std::string group;      // empty unless there is a group column
  std::int64_t line = 0;  // 1-based line of the file on which the row begins
  int file = 0;           // index into the corpus's list of files

  bool operator==(const Record&) const = default;
};

}  // namespace fastformer::data
