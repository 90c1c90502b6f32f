// Documents that count as the same, and the counts over files.
#include "data/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"

namespace fastformer::data {
namespace {

std::optional<std::uint64_t> key_of(std::string_view text) {
  std::string scratch = "left over";
  return document_key(text, scratch);
}

TEST(DocumentKeyTest, LettersAndDigitsDecide) {
  const std::vector<std::vector<std::string>> same = {
      {"Hello, world 42", "hello world 42", "  HELLO\n(world) \"42\"!", "h e l l o w_o_r_l_d42"},
      {"\xc3\x84rger", "a\xcc\x88rger", "\xc3\xa4rger."},          // one spelling of an umlaut
      {"\xef\xbc\xa1\xef\xbc\xa2", "ab"},                          // full-width letters
      {"!!! ???", "!!! ???\n"},                                    // no letters: all of it
      {"\xe0\xa4\x95\xe0\xa4\xbf", "\xe0\xa4\x95\xe0\xa4\xbf !"},  // a vowel sign of Devanagari
  };
  std::set<std::uint64_t> keys;
  for (const auto& group : same) {
    for (const std::string& text : group) EXPECT_EQ(key_of(text), key_of(group[0])) << text;
    keys.insert(*key_of(group[0]));
  }
  for (const char* other : {"Hello, world 43", "arger", "\xe0\xa4\x95", "!!! ??",
                            "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", "hello"}) {
    keys.insert(*key_of(other));
  }
  EXPECT_EQ(keys.size(), same.size() + 7);
}

TEST(DocumentKeyTest, EmptyTextsHaveNone) {
  for (const char* text : {"", " ", "\n\t "}) EXPECT_FALSE(key_of(text).has_value());
}

struct Row {
  std::uint64_t key;
  int label;
  Place place;
};

std::vector<Row> random_rows(std::uint64_t seed, int files) {
  Random random(seed);
  std::vector<Row> rows;
  for (int file = 0; file < files; ++file) {
    const auto count = static_cast<std::int64_t>(random.below(40));
    for (std::int64_t line = 1; line <= count; ++line) {
      rows.push_back({random.below(30), static_cast<int>(random.below(4)) - 1, {file, line}});
    }
  }
  return rows;
}

DuplicateReport report_of(const std::vector<Row>& rows, int files) {
  DuplicateFinder finder;
  for (const Row& row : rows) finder.add(row.key, row.label, row.place);
  return finder.report(files);
}

TEST(DuplicateFinderTest, AgreesWithComparingAllPairsOfRows) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const int files = 1 + static_cast<int>(seed % 4);
    const std::vector<Row> rows = random_rows(seed, files);
    const DuplicateReport report = report_of(rows, files);
    std::vector<std::int64_t> within(static_cast<std::size_t>(files));
    std::map<std::pair<int, int>, std::pair<std::set<Place>, std::set<Place>>> shared;
    std::map<std::pair<int, int>, std::set<std::uint64_t>> pairs;
    std::set<std::uint64_t> conflicting;
    for (const Row& a : rows) {
      bool repeats = false;
      for (const Row& b : rows) {
        if (a.key != b.key) continue;
        repeats = repeats || (a.place.file == b.place.file && b.place < a.place);
        if (a.place.file < b.place.file) {
          auto& [first, second] = shared[{a.place.file, b.place.file}];
          first.insert(a.place);
          second.insert(b.place);
        }
        if (a.label >= 0 && a.label < b.label) {
          conflicting.insert(a.key);
          pairs[{a.label, b.label}].insert(a.key);
        }
      }
      within[static_cast<std::size_t>(a.place.file)] += repeats;
    }
    ASSERT_EQ(report.within, within) << seed;
    ASSERT_EQ(report.shared.size(), shared.size());
    for (const SharedDocuments& found : report.shared) {
      const auto& [first, second] = shared.at({found.first, found.second});
      ASSERT_EQ(found.rows_of_first, static_cast<std::int64_t>(first.size()));
      ASSERT_EQ(found.rows_of_second, static_cast<std::int64_t>(second.size()));
    }
    ASSERT_EQ(report.conflicting_documents, static_cast<std::int64_t>(conflicting.size()));
    ASSERT_EQ(report.conflicting_labels.size(), pairs.size());
    for (const LabelPair& pair : report.conflicting_labels) {
      ASSERT_EQ(pair.documents,
                static_cast<std::int64_t>(pairs.at({pair.first, pair.second}).size()));
    }
  }
}

TEST(DuplicateFinderTest, TheOrderOfAddingDoesNotMatter) {
  std::vector<Row> rows = random_rows(7, 3);
  const DuplicateReport expected = report_of(rows, 3);
  Random random(1);
  shuffle(std::span(rows), random);
  const DuplicateReport report = report_of(rows, 3);
  EXPECT_EQ(report.within, expected.within);
  ASSERT_EQ(report.conflicts.size(), expected.conflicts.size());
  for (std::size_t i = 0; i < report.conflicts.size(); ++i) {
    EXPECT_EQ(report.conflicts[i].labels, expected.conflicts[i].labels);
  }
}

TEST(DuplicateFinderTest, ExamplesAreTheFirstAndTheMostFrequent) {
  std::vector<Row> rows;
  for (int document = 1; document <= 25; ++document) {
    for (int copy = 0; copy < document; ++copy) {
      rows.push_back({mix_bits(static_cast<std::uint64_t>(document)),
                      copy % 2,
                      {0, static_cast<std::int64_t>(rows.size()) + 1}});
    }
  }
  const DuplicateReport report = report_of(rows, 1);
  ASSERT_EQ(report.repeated.size(), DuplicateReport::kExamples);
  EXPECT_EQ(report.repeated[0].rows, 25);
  EXPECT_EQ(report.repeated[1].rows, 24);
  ASSERT_EQ(report.conflicts.size(), DuplicateReport::kExamples);
  // The second document stands on lines 2 and 3, under labels 0 and 1.
  const std::vector<std::pair<int, Place>> labels = {{0, {0, 2}}, {1, {0, 3}}};
  EXPECT_EQ(report.conflicts[0].labels, labels);
  EXPECT_EQ(report.conflicting_documents, 24);
}

TEST(DuplicateFinderTest, NothingIsNoDuplicate) {
  const DuplicateReport report = report_of({}, 2);
  EXPECT_EQ(report.within, (std::vector<std::int64_t>{0, 0}));
  EXPECT_TRUE(report.shared.empty());
  EXPECT_TRUE(report.repeated.empty());
}

}  // namespace
}  // namespace fastformer::data
