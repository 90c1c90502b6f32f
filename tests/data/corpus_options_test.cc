// Corpus options are said once and read from flags.
#include "data/corpus_options.h"

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
  EXPECT_EQ(options.id_column, "i");
  EXPECT_EQ(options.group_column, "g");
  EXPECT_EQ(options.format, Format::kTsv);
  EXPECT_EQ(options.header, Header::kNo);
  EXPECT_EQ(options.on_bad_row, OnBadRow::kSkip);
  EXPECT_EQ(options.delimiter_or(','), '\t');
  EXPECT_TRUE(options.names_columns());
}

}  // namespace
}  // namespace fastformer::data
