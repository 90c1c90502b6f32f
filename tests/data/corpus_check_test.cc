// Facts about small corpora, and what follows from them.
#include "data/corpus_check.h"

#include <algorithm>

#include "base/random.h"
#include "data/group_column.h"
#include "data/suggestions.h"
#include "temporary_folder.h"

namespace fastformer::data {
namespace {

using testing::HasSubstr;

CheckOptions skipping() {
  CheckOptions options;
  options.corpus.on_bad_row = OnBadRow::kSkip;
  return options;
}

CorpusFacts facts_of(const std::vector<std::string>& files,
                     const CheckOptions& options = skipping()) {
  return check_corpus(files, options, serial_for());
}

std::vector<std::string> flags_of(const std::vector<Suggestion>& list) {
  std::vector<std::string> flags;
  for (const Suggestion& suggestion : list) {
    flags.push_back(suggestion.flag + (suggestion.value.empty() ? "" : " " + suggestion.value));
  }
  return flags;
}

// Rows "label,text" whose texts differ.
std::string rows(const std::string& label, int count, const std::string& text) {
  std::string csv;
  for (int i = 0; i < count; ++i) {
    csv += label + ",\"" + text + " number " + std::to_string(i) + "\"\n";
  }
  return csv;
}

TEST(CorpusCheckTest, RowsWithOneLabelCountWhereOthersHaveSeveral) {
  const TemporaryFolder folder;
  const std::string path = folder.file("rows.txt");
  io::write_file_atomically(path, "__label__a __label__b one\n__label__a two\n__label__b three\n");
  const CorpusFacts facts = facts_of({path});
  EXPECT_EQ(facts.lists, 1);
  EXPECT_EQ(facts.labels_a_row.documents(), 3);
  EXPECT_DOUBLE_EQ(facts.labels_a_row.mean(), 4.0 / 3);
}

TEST(LengthHistogramTest, PercentilesAgreeWithASortedList) {
  Random random(1);
  LengthHistogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0);
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < 200; ++i) {
    lengths.push_back(static_cast<std::int64_t>(random.below(50)));
    histogram.add(lengths.back());
    std::sort(lengths.begin(), lengths.end());
    for (const double share : {0.0, 0.1, 0.5, 0.95, 1.0}) {
      const std::int64_t found = histogram.percentile(share);
      const auto upto = std::count_if(lengths.begin(), lengths.end(),
                                      [found](std::int64_t length) { return length <= found; });
      const auto below = std::count(lengths.begin(), lengths.end(), found);
      const double wanted = share * static_cast<double>(lengths.size());
      ASSERT_GE(static_cast<double>(upto), wanted);
      ASSERT_GT(below, 0);
      ASSERT_TRUE(share == 0 || static_cast<double>(upto - below) < wanted);
    }
  }
  EXPECT_EQ(histogram.percentile(0), lengths.front());
  EXPECT_EQ(histogram.percentile(1), lengths.back());
}

TEST(CorpusCheckTest, CountsWhatIsInTheFiles) {
  const TemporaryFolder folder;
  const std::string train = folder.write(
      "train.csv",
      "label,text\nb,One two three.\na,one TWO three\na,\" \"\na,\"x\ny\"\nbad\nb,Four\x01\n");
  const std::string test = folder.write("test.csv", "label,text\nc,four!\na,five <b>six</b>\n");
  const CorpusFacts facts = facts_of({train, test});
  EXPECT_EQ(facts.rows, 7);
  EXPECT_EQ(facts.empty, 1);
  EXPECT_EQ(facts.markup, 1);
  EXPECT_EQ(facts.files[0].read.skipped_rows, 1);
  EXPECT_EQ(facts.files[0].read.repairs.control, 1);
  EXPECT_EQ(facts.files[0].empty, 1);
  EXPECT_EQ(facts.files[0].labels, 2);
  EXPECT_EQ(facts.files[1].labels, 2);
  ASSERT_EQ(facts.labels.size(), 3u);
  EXPECT_EQ(facts.labels[0].label, "a");
  EXPECT_EQ(facts.labels[0].rows, 4);
  EXPECT_EQ(facts.labels[0].file_rows, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(facts.labels[2].label, "c");
  EXPECT_EQ(facts.words.percentile(0), 0);
  EXPECT_EQ(facts.words.percentile(1), 8);  // five < b > six </ b >
  EXPECT_EQ(facts.characters.percentile(1), 15);

  EXPECT_EQ(facts.duplicates.within, (std::vector<std::int64_t>{1, 0}));
  ASSERT_EQ(facts.duplicates.shared.size(), 1u);
  EXPECT_EQ(facts.duplicates.shared[0].rows_of_second, 1);
  ASSERT_EQ(facts.duplicates.conflicts.size(), 2u);
  const auto& [label, place] = facts.duplicates.conflicts[0].labels[1];
  EXPECT_EQ(facts.labels[static_cast<std::size_t>(label)].label, "a");
  EXPECT_EQ(facts.describe(place), train + ", line 3");
}

TEST(CorpusCheckTest, ThreadsChangeNothing) {
  const TemporaryFolder folder;
  std::string csv = "label,text\n";
  Random random(2);
  for (int i = 0; i < 3000; ++i) {
    csv += std::to_string(random.below(5)) + ",word " + std::to_string(random.below(900)) + "\n";
  }
  const std::string file = folder.write("rows.csv", csv);
  const CorpusFacts serial = facts_of({file});
  ThreadPool pool(4);
  const CorpusFacts parallel = check_corpus({file}, skipping(), pool.parallel_for());
  EXPECT_EQ(serial.duplicates.within, parallel.duplicates.within);
  EXPECT_EQ(serial.letters.letters, parallel.letters.letters);
  ASSERT_EQ(serial.duplicates.conflicts.size(), parallel.duplicates.conflicts.size());
  for (std::size_t i = 0; i < serial.duplicates.conflicts.size(); ++i) {
    EXPECT_EQ(serial.duplicates.conflicts[i].labels, parallel.duplicates.conflicts[i].labels);
  }
}

TEST(CorpusCheckTest, PlacesInAFolderOfClassesAreFiles) {
  const TemporaryFolder folder;
  for (const char* label : {"neg", "pos"}) {
    io::make_directory(folder.file(label));
    folder.write(std::string(label) + "/1.txt", std::string("only ") + label);
    folder.write(std::string(label) + "/2.txt", "the same");
  }
  const CorpusFacts facts = facts_of({folder.path()});
  ASSERT_EQ(facts.duplicates.conflicts.size(), 1u);
  EXPECT_EQ(facts.describe(facts.duplicates.conflicts[0].labels[1].second),
            folder.file("pos/2.txt"));
}

TEST(CorpusCheckTest, DocumentsWithoutLabels) {
  const TemporaryFolder folder;
  const std::string file = folder.write("plain.txt", "one\ntwo\none\n");
  CheckOptions options = skipping();
  EXPECT_ERROR(facts_of({file}, options), "label");
  options.needs_label = false;
  const CorpusFacts facts = facts_of({file}, options);
  EXPECT_EQ(facts.rows, 3);
  EXPECT_TRUE(facts.labels.empty());
  EXPECT_EQ(facts.duplicates.within[0], 1);
  EXPECT_TRUE(facts.duplicates.conflicts.empty());
}

TEST(CorpusCheckTest, StrippedTextsAreMeasuredWithoutTheirTags) {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("a.csv", "label,text\na,five <b>six</b>\nb,five six\nb,<br/>\n");
  CheckOptions options = skipping();
  options.strip_html = true;
  const CorpusFacts facts = facts_of({file}, options);
  EXPECT_EQ(facts.words.percentile(1), 2);
  EXPECT_EQ(facts.markup, 2);
  EXPECT_EQ(facts.empty, 1);
  EXPECT_EQ(facts.duplicates.conflicting_documents, 1);
}

TEST(SuggestionsTest, DefaultsSuitPlainBalancedText) {
  const TemporaryFolder folder;
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  const CorpusFacts facts = facts_of(
      {folder.write("a.csv", "label,text\n" + rows("a", 20, words) + rows("b", 20, words + "b"))});
  EXPECT_TRUE(suggestions(facts, std::nullopt, false).empty());
  EXPECT_TRUE(remarks(facts).empty());
}

TEST(SuggestionsTest, FollowFromTheFacts) {
  const TemporaryFolder folder;
  std::string words = "<p>";
  for (int i = 0; i < 700; ++i) words += "word ";
  const CorpusFacts facts = facts_of(
      {folder.write("a.csv", "label,text\n" + rows("a", 60, words) + rows("b", 6, words))});
  const auto list = suggestions(facts, GroupColumn{"author", 12, 66}, false);
  EXPECT_THAT(flags_of(list),
              testing::ElementsAre("--group-column author", "--strip-html", "--max-length 1024"));
  for (const Suggestion& suggestion : list) EXPECT_FALSE(suggestion.reason.empty());
  EXPECT_THAT(remarks(facts), testing::Contains(HasSubstr("\"a\" has 60 rows, \"b\" 6: ")));
  const CorpusFacts brief = facts_of(
      {folder.write("b.csv", "label,text\n" + rows("a", 6, "few") + rows("b", 6, "words"))});
  EXPECT_THAT(flags_of(suggestions(brief, std::nullopt, false)),
              testing::ElementsAre("--max-length 32"));
}

TEST(SuggestionsTest, TextWithoutSpacesTakesPieces) {
  const TemporaryFolder folder;
  const std::string han = "\xe5\xa4\xa9\xe5\x9c\xb0\xe7\x8e\x84\xe9\xbb\x83";
  const CorpusFacts facts = facts_of({folder.write(
      "a.csv", "label,text\n" + rows("a", 6, han + han + han) + rows("b", 6, han + han + han))});
  EXPECT_TRUE(facts.lacks_spaces());
  EXPECT_THAT(flags_of(suggestions(facts, std::nullopt, false)),
              testing::Contains("--tokenizer unigram"));
}

TEST(RemarksTest, NameWhatMayBeWrong) {
  const TemporaryFolder folder;
  const std::string train =
      folder.write("train.csv", "label,text\n" + rows("Sport", 6, "s") + rows("sport", 6, "t") +
                                    "rare,only one\nSport,only one\n");
  const std::string test =
      folder.write("test.csv", "label,text\nSport,s number 1\nnovel,something new\n");
  const std::vector<std::string> list = remarks(facts_of({train, test}));
  const auto holds = [&list](const std::string& part) {
    return std::any_of(list.begin(), list.end(), [&part](const std::string& remark) {
      return remark.find(part) != std::string::npos;
    });
  };
  EXPECT_TRUE(holds("2 labels with fewer than 5 rows: \"novel\", \"rare\""));
  EXPECT_TRUE(holds("differ in case alone: \"Sport\", \"sport\""));
  EXPECT_TRUE(holds("1 label of " + test));
  EXPECT_TRUE(holds("1 row of " + test + " (50.0%) also in " + train));
  EXPECT_TRUE(holds("1 document under several labels (2 rows)"));
  EXPECT_EQ(remarks(facts_of({folder.write("empty.csv", "label,text\n")})),
            std::vector<std::string>{"there are no rows"});
}

TEST(RemarksTest, DistributionsAreNotBadRowsAlone) {
  const TemporaryFolder folder;
  const std::string lines =
      "{\"text\":\"one\",\"p\":{\"x\":0.5,\"y\":0.5}}\n{\"text\":\"two\",\"p\":{\"x\":1}}\n";
  const CorpusFacts facts = facts_of({folder.write("a.jsonl", lines)});
  EXPECT_EQ(facts.files[0].read.skipped_rows, 2);
  EXPECT_THAT(remarks(facts), testing::ElementsAre(HasSubstr("2 bad rows with a distribution"),
                                                   "there are no rows"));
  EXPECT_THAT(remarks(facts), testing::Contains(HasSubstr("--soft-label-column")));
}

TEST(GroupColumnTest, IsFoundByNameAndByRepeatingValues) {
  const TemporaryFolder folder;
  const auto table = [&](const std::string& name, int groups) {
    std::string csv = "label,text," + name + "\n";
    for (int i = 0; i < 60; ++i) {
      csv += "a,text " + std::to_string(i) + ",x" + std::to_string(i % groups) + "\n";
    }
    return folder.write("a.csv", csv);
  };
  const auto find = [](const std::string& file, const CorpusOptions& options = {}) {
    return likely_group_column(file, options, true, serial_for());
  };
  const auto found = find(table("Author_ID", 20));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "Author_ID");
  EXPECT_EQ(found->groups, 20);
  EXPECT_EQ(found->rows, 60);
  EXPECT_FALSE(find(table("colour", 20)));  // no name of a group
  EXPECT_FALSE(find(table("author", 60)));  // no value repeats
  EXPECT_FALSE(find(table("author", 3)));   // too few to split by
  CorpusOptions options;
  options.id_column = "author";
  EXPECT_FALSE(find(table("author", 20), options));
  EXPECT_FALSE(find(folder.path()));
  EXPECT_FALSE(find("-"));
}

TEST(GroupColumnTest, IsFoundInJsonLines) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 60; ++i) {
    lines += "{\"text\":\"t" + std::to_string(i) +
             "\",\"label\":\"a\",\"user\":{\"x\":1},\"source\":" + std::to_string(i % 15) + "}\n";
  }
  const auto found = likely_group_column(folder.write("a.jsonl", lines), {}, true, serial_for());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "source");
}

}  // namespace
}  // namespace fastformer::data
