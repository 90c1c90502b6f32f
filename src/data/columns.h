// Which columns of a table hold the text, the label, the id and the group.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "data/corpus_options.h"

namespace fastformer::data {

struct Columns {
  std::vector<std::size_t> text;  // 0-based, in the order in which they are joined
  std::optional<std::size_t> label;
  std::optional<std::size_t> id;
  std::optional<std::size_t> group;
  std::size_t count = 0;    // of columns
  bool has_header = false;  // the first row names them and is no record
};

// The names that are known without being told, all compared in lower case, the first that exists
// wins. The text: text, review, content, body, document, article, sentence, comment, message, post,
// tweet, utterance, question, description, abstract, reviewtext, review_text, review_body,
// full_text, with a title, headline or subject put before it; or that alone. The label: label,
// labels, class, category, target, sentiment, topic, section, intent, class index, class_index,
// class_label, label_text, label_name, rating, stars, tag, y.

// Works the columns out from the first row of the table at `where`.
//
// With Header::kAuto the first row is a header when a column is named by the user (who numbers the
// columns otherwise), when it holds known names for both text and label (or one in the numbered
// label column), or when it holds one known name and all its cells look like names. Columns that
// the user does not give are found by the known names; a label or text that is not known may be the
// one column that is left. Without a header the label is the first column and all others are the
// text, as in AG News.
//
// `needs_label` is false when documents are only to be labelled: then a label may be missing, and a
// headerless table of several columns must be explained by the user.
// Throws usage errors that list the columns that exist.
Columns columns_of_table(const std::vector<std::string>& first_row, const CorpusOptions& options,
                         bool needs_label, const std::string& where);

// The same for the keys of the first object of a JSON Lines file: never numbers, always a header.
Columns columns_of_keys(const std::vector<std::string>& keys, const CorpusOptions& options,
                        bool needs_label, const std::string& where);

}  // namespace fastformer::data
