// Columns are found by name, number, known names and position; doubts are errors with advice.
#include "data/columns.h"

#include "read_text.h"

namespace fastformer::data {
namespace {

// "header text=1,2 label=0" of what columns_of_table makes of a first row.
std::string found(const Lines& first_row, const CorpusOptions& options = {},
                  bool needs_label = true) {
  const Columns columns = columns_of_table(first_row, options, needs_label, "file");
  std::string text = columns.has_header ? "header text=" : "text=";
  for (std::size_t i = 0; i < columns.text.size(); ++i) {
    text += (i > 0 ? "," : "") + std::to_string(columns.text[i]);
  }
  if (columns.label) text += " label=" + std::to_string(*columns.label);
  if (columns.id) text += " id=" + std::to_string(*columns.id);
  if (columns.group) text += " group=" + std::to_string(*columns.group);
  return text;
}

CorpusOptions named(std::vector<std::string> text, std::string label = "") {
  CorpusOptions options;
  options.text_column = std::move(text);
  options.label_column = std::move(label);
  return options;
}

TEST(ColumnsTest, KnownNamesNeedNoFlags) {
  EXPECT_EQ(found({"text", "label"}), "header text=0 label=1");
  EXPECT_EQ(found({"id", "movie", "rating", "sentiment", "review"}), "header text=4 label=3");
  EXPECT_EQ(found({"Class Index", "Title", "Description"}), "header text=1,2 label=0");
  EXPECT_EQ(found({"", "TEXT ", "Label"}), "header text=1 label=2");
  EXPECT_EQ(found({"text", "stars_given"}), "header text=0 label=1");
  EXPECT_EQ(found({"verdict", "label", "id"}), "header text=0 label=1");
}

TEST(ColumnsTest, WithoutHeaderTheLabelComesFirst) {
  EXPECT_EQ(found({"3", "Wall St. bears", "Reuters - text"}), "text=1,2 label=0");
  EXPECT_EQ(found({"sport", "They won the match."}), "text=1 label=0");
  EXPECT_EQ(found({"sport", "label", "They won."}), "text=1,2 label=0");
}

TEST(ColumnsTest, ALabelThatIsLeftOutIsNoText) {
  CorpusOptions options = named({}, "3");  // a distribution
  options.header = Header::kNo;
  EXPECT_EQ(found({"words", "a", "{\"a\":1}"}, options), "text=0,1 label=2");
  options.left_out_column = "2";
  EXPECT_EQ(found({"words", "a", "{\"a\":1}"}, options), "text=0 label=2");
}

TEST(ColumnsTest, TheUserDecides) {
  EXPECT_EQ(found({"a", "b", "c"}, named({"c", "b"}, "a")), "header text=2,1 label=0");
  EXPECT_EQ(found({"a", "b", "c"}, named({"c,b"}, "A")), "header text=2,1 label=0");
  EXPECT_EQ(found({"a", "b", "c"}, named({"3"}, "2")), "text=2 label=1");
  EXPECT_EQ(found({"a", "b", "c"}, named({}, "2")), "text=0,2 label=1");
  EXPECT_EQ(found({"a", "category", "c"}, named({"3"}, "2")), "header text=2 label=1");
  EXPECT_EQ(found({"text", "label1", "label2"}, named({"1"}, "3")), "header text=0 label=2");
  EXPECT_EQ(found({"text", "label"}, named({"2"}, "1")), "header text=1 label=0");
  CorpusOptions options = named({}, "");
  options.header = Header::kNo;
  EXPECT_EQ(found({"text", "label"}, options), "text=1 label=0");
  options.id_column = "2";
  options.group_column = "1";
  EXPECT_EQ(found({"g", "i", "l", "t"}, options), "text=3 label=2 id=1 group=0");
}

TEST(ColumnsTest, LabelsMayBeMissingInUse) {
  EXPECT_EQ(found({"just a sentence"}, {}, false), "text=0");
  EXPECT_EQ(found({"text"}, {}, false), "header text=0");
  EXPECT_EQ(found({"id", "text"}, {}, false), "header text=1");
  EXPECT_EQ(found({"text", "label"}, {}, false), "header text=0 label=1");
  EXPECT_EQ(found({"3", "a", "b"}, named({}, "1"), false), "text=1,2 label=0");
  EXPECT_ERROR(found({"3", "a", "b"}, {}, false), "--text-column 2,3");
}

TEST(ColumnsTest, DoubtsListTheColumns) {
  EXPECT_ERROR(found({"text", "label1", "label2"}), "its columns are text, label1, label2");
  EXPECT_ERROR(found({"text", "label"}, named({"txet"})), "Did you mean text?");
  EXPECT_ERROR(found({"text", "label"}, named({"text"}, "class")), "file: has no column \"class\"");
  EXPECT_ERROR(found({"a", "b", "label"}), "Name it with --text-column");
  EXPECT_ERROR(found({"a", "b"}, named({"3"})), "the first row has 2 columns");
  EXPECT_ERROR(found({"a", "b"}, named({"0"})), "--text-column 0 does not exist");
  EXPECT_ERROR(found({"one column"}), "has only one column");
  CorpusOptions options = named({"text"});
  options.header = Header::kNo;
  EXPECT_ERROR(found({"text", "label"}, options), "there is no header");
}

TEST(ColumnsTest, KeysAreNeverNumbers) {
  const Columns columns = columns_of_keys({"a", "1", "label"}, named({"1"}), true, "file");
  EXPECT_EQ(columns.text, std::vector<std::size_t>{1});
  EXPECT_EQ(columns.label, 2U);
}

}  // namespace
}  // namespace fastformer::data
