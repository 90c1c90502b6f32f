// After a few calls a text's scores take no memory, whatever the text holds.
#include <fastformer/c_api.h>
#include <fastformer/text_classifier.h>

#include <functional>

#include "failing_allocations.h"
#include "faults/small_classifier.h"

namespace fastformer {
namespace {

// Plain, to be repaired, to be brought into a normal form, with tags, and so many n-grams that they
// are sorted by digits.
const std::vector<std::string>& texts() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made = {
        "the fast former",
        "",
        "The \x93quoted\x94 words,\r\nand a \xff byte",
        std::string("\xef\xbb\xbf") + "a mark of order",
        "Cafe\xcc\x81 a\xcc\xa3\xcc\x82\xcc\x81 \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab "
        "\xe6\x97\xa5\xe6\x9c\xac",
        "<p>the <b>fast</b> &eacute;&#233; former</p><script>no</script>",
    };
    std::string marks = "a";
    for (int i = 0; i < 30; ++i) marks += i % 2 == 0 ? "\xcc\x81" : "\xcc\xa3";
    made.push_back(marks);
    std::string all_of_them;
    for (int i = 0; i < 300; ++i) all_of_them += "fast former " + std::to_string(i * i) + ", ";
    made.push_back(all_of_them);
    return made;
  }();
  return all;
}

// The allocations of score(text) for all texts, after two rounds of them.
long allocations_of(const std::function<void(std::string_view)>& score) {
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts()) score(text);
  }
  const FailingAllocations counting;
  for (const std::string& text : texts()) score(text);
  return counting.count();
}

struct Case {
  const char* name;
  bool quantized = false, strip_html = false;
  text::TokenizerKind tokenizer = text::TokenizerKind::kWord;
};

class SteadyTest : public testing::TestWithParam<Case> {
 protected:
  SteadyTest() {
    const model::WithoutSync without_sync;
    write_small_classifier(folder_.path(), GetParam().quantized, GetParam().tokenizer,
                           GetParam().strip_html);
  }

  const std::string& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_P(SteadyTest, TextsTakeNoMemory) {
  const TextClassifier classifier = TextClassifier::open(path());
  std::vector<double> scores(classifier.labels().size());
  EXPECT_EQ(allocations_of([&](std::string_view text) { classifier.scores(text, scores); }), 0);
  EXPECT_GT(allocations_of([&](std::string_view text) { classifier.scores(text); }), 0);
  for (const std::string& text : texts()) {
    classifier.scores(text, scores);
    EXPECT_EQ(classifier.scores(text), scores);
    const std::string_view view = text;
    EXPECT_EQ(classifier.scores_of_all(std::span(&view, 1), 1), scores);
  }
}

// A call that ends for want of memory leaves nothing behind that the next one would see.
TEST_P(SteadyTest, ACallThatFailedDoesNotMatter) {
  const TextClassifier fresh = TextClassifier::open(path());
  const std::string& small = texts().front();
  const std::vector<double> expected = fresh.scores(small);
  std::vector<double> scores(expected.size());
  int failed = 0;
  for (long number = 1;; ++number) {
    const TextClassifier classifier = TextClassifier::open(path());
    bool has_failed = false;
    {
      const FailingAllocations failing(number);
      try {
        classifier.scores(texts().back(), scores);
      } catch (const std::bad_alloc&) {
        has_failed = true;
      }
    }
    classifier.scores(small, scores);
    ASSERT_EQ(scores, expected) << number;
    if (!has_failed) break;
    ++failed;
  }
  EXPECT_GT(failed, 10);
}

TEST_P(SteadyTest, MemoryOfALargeTextIsNotKept) {
  const TextClassifier classifier = TextClassifier::open(path());
  std::vector<double> scores(classifier.labels().size());
  std::string large;
  while (large.size() < (std::size_t{1} << 20)) large += "the fast former, ";
  for (int round = 0; round < 2; ++round) classifier.scores(texts().back(), scores);
  const FailingAllocations counting;
  classifier.scores(large, scores);
  EXPECT_GT(counting.count(), 0);
  EXPECT_EQ(counting.kept(), 0);
}

TEST_P(SteadyTest, IdsTakeNoMemory) {
  const TextClassifier classifier = TextClassifier::open(path());
  std::vector<double> scores(classifier.labels().size());
  const std::vector<std::int32_t> ids = {1, 0, 2};
  EXPECT_EQ(allocations_of([&](std::string_view text) {
              classifier.scores_of_ids(std::span(ids).first(text.size() % 4), scores);
            }),
            0);
  classifier.scores_of_ids(ids, scores);
  EXPECT_EQ(classifier.scores_of_ids(ids), scores);
}

TEST_P(SteadyTest, FromCNeither) {
  fastformer_classifier* const classifier = fastformer_open(path().c_str(), 0);
  ASSERT_TRUE(classifier) << fastformer_last_error();
  std::vector<double> scores(fastformer_label_count(classifier));
  const std::vector<std::int32_t> ids = {1, 0, 2};
  EXPECT_EQ(allocations_of([&](std::string_view text) {
              ASSERT_EQ(fastformer_scores(classifier, text.data(), text.size(), scores.data()), 0);
              ASSERT_EQ(fastformer_scores_of_ids(classifier, ids.data(), 3, scores.data()), 0);
            }),
            0);
  EXPECT_EQ(scores, TextClassifier::open(path()).scores_of_ids(ids));
  fastformer_close(classifier);
}

INSTANTIATE_TEST_SUITE_P(
    Models, SteadyTest,
    testing::Values(Case{"Words"}, Case{"Quantized", true}, Case{"Html", false, true},
                    Case{"Spaced", false, false, text::TokenizerKind::kWhitespace},
                    Case{"Bytes", false, false, text::TokenizerKind::kBytes}),
    [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace fastformer
