// Labels that look like lists of labels with a sign between them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fastformer::data {

struct LabelLists {
  std::string separator;
  std::int64_t lists = 0;  // of the labels
  std::int64_t parts = 0;  // distinct ones
  std::string example;

  // "12 of 14 labels look like lists of 5 labels, such as "a|b"", of so many labels.
  std::string describe(std::int64_t labels) const;
};

// The sign, one of | ; , and blanks, that parts most of these distinct labels into far fewer, or
// into what are labels of their own; nothing where there is none. Blanks, which names have too, do
// so only if most labels are lists of other labels.
std::optional<LabelLists> find_label_lists(std::span<const std::string> labels);

}  // namespace fastformer::data
