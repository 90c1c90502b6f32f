// Truncation keeps the right tokens and says so; documents do not depend on each other.
#include "text/pipeline.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/strings.h"
#include "temporary_folder.h"
#include "text/random_bytes.h"

namespace fastformer::text {
namespace {

std::vector<std::int32_t> numbers(int count) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

std::vector<std::int32_t> truncated(int count, int max_length, Truncate how) {
  std::vector<std::int32_t> ids = numbers(count);
  truncate(ids, max_length, how);
  return ids;
}

TEST(TruncateTest, KeepsTheAskedPart) {
  EXPECT_EQ(truncated(6, 4, Truncate::kRight), (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(truncated(6, 4, Truncate::kLeft), (std::vector<std::int32_t>{2, 3, 4, 5}));
  EXPECT_EQ(truncated(6, 4, Truncate::kHeadTail), (std::vector<std::int32_t>{0, 1, 4, 5}));
  EXPECT_EQ(truncated(6, 3, Truncate::kHeadTail), (std::vector<std::int32_t>{0, 1, 5}));
  EXPECT_EQ(truncated(6, 1, Truncate::kHeadTail), (std::vector<std::int32_t>{0}));
}

TEST(TruncateTest, ShortDocumentsStayWhole) {
  for (const Truncate how :
       {Truncate::kRight, Truncate::kLeft, Truncate::kHeadTail, Truncate::kError}) {
    for (int count : {0, 1, 5}) EXPECT_EQ(truncated(count, 5, how), numbers(count));
  }
}

TEST(EqualPartsTest, HoldEverythingInOrderAndDifferByOneAtMost) {
  for (int count = 0; count <= 70; ++count) {
    for (std::int64_t longest : {1, 2, 7, 69, 70, 1000}) {
      const auto parts = equal_parts(numbers(count), longest);
      EXPECT_EQ(static_cast<std::int64_t>(parts.size()), (count + longest - 1) / longest);
      std::vector<std::int32_t> all;
      std::size_t shortest = 1000, largest = 0;
      for (const auto& part : parts) {
        EXPECT_LE(static_cast<std::int64_t>(part.size()), longest);
        shortest = std::min(shortest, part.size());
        largest = std::max(largest, part.size());
        all.insert(all.end(), part.begin(), part.end());
      }
      EXPECT_EQ(all, numbers(count));
      EXPECT_LE(largest, count == 0 ? 0 : shortest + 1);
    }
  }
}

Pipeline pipeline_of(TextOptions options) {
  options.tokenizer = TokenizerKind::kWord;
  return Pipeline(options, load_tokenizer(options, "<unk>\na\nb\n", "v"));
}

TEST(PipelineTest, ReportsTheLengthBeforeTruncation) {
  TextOptions options;
  options.max_length = 2;
  const Pipeline pipeline = pipeline_of(options);
  const Document cut = pipeline.encode("a b a");
  EXPECT_EQ(cut.ids, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(cut.length, 3);
  EXPECT_TRUE(cut.truncated());
  EXPECT_FALSE(pipeline.encode("a b").truncated());
  EXPECT_FALSE(pipeline.encode("").truncated());
  EXPECT_EQ(pipeline.encode("").length, 0);
}

TEST(PipelineTest, RefusesLongDocumentsOnDemand) {
  TextOptions options;
  options.max_length = 2;
  options.truncate = Truncate::kError;
  const Pipeline pipeline = pipeline_of(options);
  EXPECT_EQ(pipeline.encode("a b").ids.size(), 2u);
  EXPECT_ERROR(pipeline.encode("a b a", "file:3"), "file:3: the document has 3 tokens");
  const std::vector<std::string> texts = {"a", "a a a"};
  ThreadPool pool(2);
  EXPECT_ERROR(pipeline.encode_all(views_of(texts), pool.parallel_for()), "document 2: ");
}

TEST(PipelineTest, NamesTheFirstLongDocumentAndKeepsThoseBeforeIt) {
  TextOptions options;
  options.max_length = 2;
  options.truncate = Truncate::kError;
  const Pipeline pipeline = pipeline_of(options);
  std::vector<std::string> texts(200, "a b");
  for (const std::size_t i : {70U, 71U, 150U}) texts[i] = "a b a";
  const auto place_of = [](std::size_t i) { return "f:" + std::to_string(i); };
  ThreadPool pool(3);
  EXPECT_ERROR(pipeline.encode_all(views_of(texts), pool.parallel_for(), place_of),
               "f:70: the document");
  std::exception_ptr refused;
  EXPECT_EQ(pipeline.encode_all(views_of(texts), pool.parallel_for(), place_of, &refused).size(),
            70u);
  ASSERT_TRUE(refused);
  EXPECT_ERROR(std::rethrow_exception(refused), "f:70: the document");
  texts.resize(70);
  EXPECT_EQ(pipeline.encode_all(views_of(texts), pool.parallel_for(), place_of, &refused).size(),
            70u);
  EXPECT_FALSE(refused);
}

TEST(PipelineTest, StripsHtmlOnDemand) {
  TextOptions options;
  EXPECT_EQ(pipeline_of(options).encode("a<br>b").length, 5);
  options.strip_html = true;
  EXPECT_EQ(pipeline_of(options).encode("a<br>b").ids, (std::vector<std::int32_t>{1, 2}));
}

TEST(PipelineTest, MemoryOfOtherDocumentsDoesNotShow) {
  TextOptions options;
  options.strip_html = true;
  options.max_length = 12;
  const Pipeline pipeline = pipeline_of(options);
  Random random(8);
  PipelineMemory memory;
  Document document;
  for (int round = 0; round < 500; ++round) {
    const std::string text = "a <b>b</b> " + random_bytes(random, 60);
    const Document expected = pipeline.encode(text);
    pipeline.encode(text, "", memory, document);
    ASSERT_EQ(document.ids, expected.ids);
    ASSERT_EQ(document.length, expected.length);
  }
}

TEST(PipelineTest, ManyDocumentsAtOnceEqualOneAtATime) {
  Random random(14);
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back("a " + random_bytes(random, 30) + " b");
  TextOptions options;
  options.max_length = 7;
  options.truncate = Truncate::kHeadTail;
  const Pipeline pipeline = pipeline_of(options);
  ThreadPool pool(3);
  const std::vector<Document> documents = pipeline.encode_all(views_of(texts), pool.parallel_for());
  ASSERT_EQ(documents.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Document alone = pipeline.encode(texts[i]);
    ASSERT_EQ(documents[i].ids, alone.ids);
    ASSERT_EQ(documents[i].length, alone.length);
  }
}

TEST(PipelineTest, AMillionTokensAreNoTrouble) {
  std::string text;
  while (text.size() < 2000000) text += "a ";
  const Document document = pipeline_of({}).encode(text);
  EXPECT_EQ(document.length, 1000000);
  EXPECT_EQ(document.ids.size(), 512u);
}

}  // namespace
}  // namespace fastformer::text
