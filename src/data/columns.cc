// Finding columns by the user's names and numbers, then by known names, then by position.
#include "data/columns.h"

#include <fastformer/error.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/strings.h"

namespace fastformer::data {
namespace {

using Index = std::optional<std::size_t>;

constexpr std::string_view kTextNames[] = {
    "text",     "review",     "content",     "body",        "document",  "article",  "sentence",
    "comment",  "message",    "post",        "tweet",       "utterance", "question", "description",
    "abstract", "reviewtext", "review_text", "review_body", "full_text"};
constexpr std::string_view kTitleNames[] = {"title", "headline", "subject"};
constexpr std::string_view kLabelNames[] = {
    "label",      "labels",     "class",  "category",    "target",      "sentiment",
    "topic",      "section",    "intent", "class index", "class_index", "class_label",
    "label_text", "label_name", "rating", "stars",       "tag",         "y"};
// Columns that are neither text nor label when only one column is left to choose.
constexpr std::string_view kIdNames[] = {"id", "index", "idx", "uuid", "key", "unnamed: 0", ""};

std::string normal(std::string_view name) { return ascii_lower(trim(name)); }

// Resolves columns of one table. The names are those of the first row, header or not.
class Resolver {
 public:
  Resolver(const std::vector<std::string>& first_row, const CorpusOptions& options,
           bool needs_label, bool takes_numbers, const std::string& where)
      : options_(options), needs_label_(needs_label), takes_numbers_(takes_numbers), where_(where) {
    for (const std::string& cell : first_row) {
      names_.emplace_back(trim(cell));
      normal_names_.push_back(normal(cell));
    }
    columns_.count = names_.size();
  }

  Columns resolve(Header header) {
    columns_.has_header =
        header == Header::kYes || (header == Header::kAuto && looks_like_header());
    for (const std::string& name : options_.text_columns()) {
      columns_.text.push_back(*given(name, "--text-column"));
    }
    columns_.label = given(options_.label_column, options_.label_flag());
    columns_.id = given(options_.id_column, "--id-column");
    columns_.group = given(options_.group_column, "--group-column");
    // A name is no text by itself, a number would be: without a header all that is left is text.
    if (is_number(options_.left_out_column)) {
      left_out_ = given(options_.left_out_column, "--label-column");
    }
    if (columns_.has_header) {
      find_by_known_names();
    } else {
      find_by_position();
    }
    return std::move(columns_);
  }

 private:
  Index first_known(std::span<const std::string_view> known) const {
    for (const std::string_view name : known) {
      for (std::size_t i = 0; i < normal_names_.size(); ++i) {
        if (normal_names_[i] == name && !is_taken(i)) return i;
      }
    }
    return std::nullopt;
  }

  bool is_taken(std::size_t column) const {
    return columns_.label == column || columns_.id == column || columns_.group == column ||
           left_out_ == column ||
           std::count(columns_.text.begin(), columns_.text.end(), column) > 0;
  }

  bool is_number(std::string_view name) const {
    return takes_numbers_ && parse_int(name).has_value();
  }

  bool looks_like_header() const {
    std::vector<std::string> wanted = options_.text_columns();
    for (const auto* name : {&options_.label_column, &options_.id_column, &options_.group_column}) {
      if (!name->empty()) wanted.push_back(*name);
    }
    for (const std::string& name : wanted) {
      if (!is_number(name)) return true;
    }
    const bool text = first_known(kTextNames) || first_known(kTitleNames);
    if (const std::optional<bool> known = numbered_label_is_known()) {
      return *known || (text && all_cells_look_like_names());
    }
    const bool label = first_known(kLabelNames).has_value();
    return (label && text) || ((label || text) && all_cells_look_like_names());
  }

  // Whether the cell of a label column given by number is a known label name.
  std::optional<bool> numbered_label_is_known() const {
    const auto number = parse_int(options_.label_column);
    if (!number || *number < 1 || *number > static_cast<std::int64_t>(names_.size())) {
      return std::nullopt;
    }
    const std::string& name = normal_names_[static_cast<std::size_t>(*number - 1)];
    return std::find(std::begin(kLabelNames), std::end(kLabelNames), name) != std::end(kLabelNames);
  }

  bool all_cells_look_like_names() const {
    return std::all_of(names_.begin(), names_.end(), [](const std::string& name) {
      const bool has_end = name.find_first_of(".!?\n") != std::string::npos;
      return name.size() <= 40 && !has_end && std::count(name.begin(), name.end(), ' ') < 4 &&
             !parse_double(name);
    });
  }

  // The column that the user gave by `name` for `flag`, or nothing when `name` is empty.
  Index given(const std::string& name, const std::string& flag) const {
    if (name.empty()) return std::nullopt;
    if (is_number(name)) {
      const std::int64_t number = *parse_int(name);
      if (number >= 1 && number <= static_cast<std::int64_t>(names_.size())) {
        return static_cast<std::size_t>(number - 1);
      }
      throw usage_error(flag + " " + name + " does not exist: the first row has " +
                            format_count(static_cast<std::int64_t>(names_.size())) + " columns",
                        where_);
    }
    if (!columns_.has_header) {
      throw usage_error(flag + " \"" + printable(name) + "\" is a name, but there is no header",
                        where_, "Give the number of the column, from 1");
    }
    const auto exact = std::find(names_.begin(), names_.end(), name);
    if (exact != names_.end()) return static_cast<std::size_t>(exact - names_.begin());
    const auto folded = std::find(normal_names_.begin(), normal_names_.end(), normal(name));
    if (folded != normal_names_.end()) {
      return static_cast<std::size_t>(folded - normal_names_.begin());
    }
    const auto near = nearest(name, names_);
    throw usage_error("has no column \"" + printable(name) + "\" (" + flag + "); " + listing(),
                      where_, near ? "Did you mean " + printable(*near) + "?" : "");
  }

  std::string listing() const {
    std::string text = "its columns are ";
    for (std::size_t i = 0; i < names_.size() && i < 30; ++i) {
      text += (i > 0 ? ", " : "") + printable(names_[i], 40);
    }
    return text + (names_.size() > 30 ? ", ..." : "");
  }

  // The only column that is not yet used and does not look like an id.
  Index only_one_left() const {
    Index left;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const bool is_id = std::find(std::begin(kIdNames), std::end(kIdNames), normal_names_[i]) !=
                         std::end(kIdNames);
      if (is_id || is_taken(i)) continue;
      if (left) return std::nullopt;
      left = i;
    }
    return left;
  }

  void find_by_known_names() {
    if (!columns_.label) columns_.label = first_known(kLabelNames);
    if (columns_.text.empty()) {
      if (const Index title = first_known(kTitleNames)) columns_.text.push_back(*title);
      if (const Index text = first_known(kTextNames)) columns_.text.push_back(*text);
    }
    if (columns_.text.empty()) {
      if (const Index left = only_one_left()) columns_.text.push_back(*left);
    }
    if (columns_.text.empty()) {
      throw usage_error("cannot tell which column holds the text; " + listing(), where_,
                        "Name it with --text-column");
    }
    if (columns_.label || !needs_label_) return;
    columns_.label = only_one_left();
    if (!columns_.label) {
      throw usage_error("cannot tell which column holds the label; " + listing(), where_,
                        takes_numbers_
                            ? "Name it with --label-column, or pass --header no if this is data"
                            : "Name it with --label-column");
    }
  }

  void find_by_position() {
    for (std::size_t i = 0; needs_label_ && !columns_.label && i < names_.size(); ++i) {
      if (!is_taken(i)) columns_.label = i;
    }
    if (needs_label_ && (!columns_.label || (columns_.text.empty() && names_.size() < 2))) {
      throw usage_error("has only one column, but a label and a text are needed", where_,
                        "Check --format and --delimiter");
    }
    if (!columns_.text.empty()) return;
    std::vector<std::size_t> rest;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!is_taken(i)) rest.push_back(i);
    }
    if (rest.empty()) throw usage_error("has no column left for the text", where_);
    // Only a label column that is known makes all the others text.
    if (rest.size() > 1 && !columns_.label) {
      throw usage_error("has " + format_count(static_cast<std::int64_t>(names_.size())) +
                            " columns and no header: cannot tell which hold the text",
                        where_, "Number them, such as --text-column 2,3, or pass --header yes");
    }
    columns_.text = std::move(rest);
  }

  const CorpusOptions& options_;
  const bool needs_label_;
  const bool takes_numbers_;
  const std::string& where_;
  std::vector<std::string> names_;
  std::vector<std::string> normal_names_;
  Columns columns_;
  Index left_out_;
};

}  // namespace

Columns columns_of_table(const std::vector<std::string>& first_row, const CorpusOptions& options,
                         bool needs_label, const std::string& where) {
  return Resolver(first_row, options, needs_label, true, where).resolve(options.header);
}

Columns columns_of_keys(const std::vector<std::string>& keys, const CorpusOptions& options,
                        bool needs_label, const std::string& where) {
  return Resolver(keys, options, needs_label, false, where).resolve(Header::kYes);
}

}  // namespace fastformer::data
