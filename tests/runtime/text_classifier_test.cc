// The library's classifier under several threads, and what it refuses.
#include <fastformer/text_classifier.h>

#include <thread>

#include "faults/small_classifier.h"

namespace fastformer {
namespace {

// Calls at the same time have memory of their own, and each the scores that it would have alone.
TEST(TextClassifierTest, ThreadsDoNotMeet) {
  const TemporaryFolder folder;
  {
    const model::WithoutSync without_sync;
    write_small_classifier(folder.path());
  }
  const TextClassifier classifier = TextClassifier::open(folder.path());
  const std::vector<std::string> texts = {"the fast former", "", "Fast, the \xff former",
                                          std::string(5000, 'x') + " the former"};
  std::vector<std::vector<double>> expected;
  for (const std::string& text : texts) expected.push_back(classifier.scores(text));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      std::vector<double> scores(classifier.labels().size());
      for (std::size_t i = 0; i < 400; ++i) {
        classifier.scores(texts[i % texts.size()], scores);
        count += scores != expected[i % texts.size()];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(TextClassifierTest, RoomOfAnotherSizeIsRefused) {
  const TemporaryFolder folder;
  const model::WithoutSync without_sync;
  write_small_classifier(folder.path());
  const TextClassifier classifier = TextClassifier::open(folder.path());
  std::vector<double> scores(2);
  EXPECT_ERROR(classifier.scores("text", scores), "room for 2 scores was given");
  EXPECT_ERROR(classifier.scores_of_ids({}, scores), "the model has 3 labels");
}

}  // namespace
}  // namespace fastformer
