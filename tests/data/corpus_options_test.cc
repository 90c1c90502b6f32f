// Corpus options are said once and read from flags.
#include "data/corpus_options.h"

#include <nlohmann/json.hpp>

#include "read_text.h"

namespace fastformer::data {
namespace {

TEST(CorpusOptionsTest, FlagsSetTheFields) {
  CorpusOptions options;
  config::OptionSet set;
  options.describe(set);
  EXPECT_FALSE(options.names_columns());
  const std::vector<std::pair<std::string, Lines>> flags = {{"text-column", {"title, body", "3"}},
                                                            {"label-column", {"l"}},
                                                            {"label-separator", {"|"}},
                                                            {"target", {"multi"}},
                                                            {"id-column", {"i"}},
                                                            {"group-column", {"g"}},
                                                            {"format", {"tsv"}},
                                                            {"header", {"no"}},
                                                            {"on-bad-row", {"skip"}},
                                                            {"delimiter", {"tab"}}};
  EXPECT_EQ(set.options().size(), flags.size());
  for (const auto& [name, values] : flags) set.apply_flag(name, values);
  EXPECT_EQ(options.text_columns(), (Lines{"title", "body", "3"}));
  EXPECT_EQ(options.label_column, "l");
  EXPECT_EQ(options.label_separator, "|");
  EXPECT_EQ(options.target, Target::kMulti);
  options.check_target();
  options.target = Target::kSingle;
  EXPECT_ERROR(options.check_target(), "--label-separator");
  EXPECT_EQ(options.id_column, "i");
  EXPECT_EQ(options.group_column, "g");
  EXPECT_EQ(options.format, Format::kTsv);
  EXPECT_EQ(options.header, Header::kNo);
  EXPECT_EQ(options.on_bad_row, OnBadRow::kSkip);
  EXPECT_EQ(options.delimiter_or(','), '\t');
  EXPECT_TRUE(options.names_columns());
}

// Columns of a training corpus on the files of another.
class TrainedColumnsTest : public testing::Test {
 protected:
  static ReadSetting trained_on(const config::Json& data, bool needs_label = true) {
    ReadSetting setting;
    setting.needs_label = needs_label;
    setting.options.adopt(data, "m/config.json, data");
    return setting;
  }
  const config::Json named_ = {{"text_column", {"abstract"}}, {"label_column", "field"}};
  const config::Json numbered_ = {{"text_column", {"2"}}, {"label_column", "3"}};
};

TEST_F(TrainedColumnsTest, HoldInTablesAndJsonLines) {
  ReadReport report;
  EXPECT_EQ(labels_and_texts(
                read_text("a.csv", "text,abstract,field\nx,y,z\n", trained_on(named_), &report)),
            Lines{"z|y"});
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0],
              testing::EndsWith("a.csv: text from column abstract, as in training"));
  EXPECT_EQ(labels_and_texts(read_text("a.jsonl", R"({"text":"x","abstract":"y","field":"z"})",
                                       trained_on(named_))),
            Lines{"z|y"});
  EXPECT_EQ(labels_and_texts(read_text("a.tsv", "x\ty\tz\n", trained_on(numbered_))), Lines{"z|y"});
}

TEST_F(TrainedColumnsTest, LeaveOtherFormatsAlone) {
  const Lines expected = {"pos|good, film"};
  for (const config::Json& data : {named_, numbered_}) {
    EXPECT_EQ(labels_and_texts(read_text("a.txt", "__label__pos good, film\n", trained_on(data))),
              expected);
    EXPECT_EQ(labels_and_texts(read_text("a.txt", "a, b\n", trained_on(data, false))),
              Lines{"|a, b"});
  }
  EXPECT_EQ(
      labels_and_texts(read_text("a.jsonl", R"({"text":"x","label":"z"})", trained_on(numbered_))),
      Lines{"z|x"});
}

TEST_F(TrainedColumnsTest, YieldToTheUsersAndNeedNoLabel) {
  ReadSetting setting = trained_on(named_);
  setting.options.text_column = {"text"};
  setting.options.label_column = "abstract";
  EXPECT_EQ(labels_and_texts(read_text("a.csv", "text,abstract,field\nx,y,z\n", setting)),
            Lines{"y|x"});
  EXPECT_EQ(
      labels_and_texts(read_text("a.csv", "id,text,abstract\n1,x,y\n", trained_on(named_, false))),
      Lines{"|y"});
}

TEST_F(TrainedColumnsTest, AnEditedFileIsAnErrorThatNamesIt) {
  EXPECT_ERROR(trained_on({{"text_column", "x"}}), "m/config.json, data: text_column: ");
  EXPECT_ERROR(trained_on({{"text_colum", "x"}}), "text_column?");
  EXPECT_ERROR(trained_on(1), "m/config.json, data: ");
}

}  // namespace
}  // namespace fastformer::data
