// Memory runs out at each allocation of loading a model and of a document's scores, in turn: an
// exception or an error code, nothing leaks, and the next try succeeds.
#include <fastformer/c_api.h>
#include <fastformer/model.h>
#include <fastformer/text_classifier.h>

#include <functional>
#include <map>
#include <new>

#include "failing_allocations.h"
#include "faults/small_classifier.h"
#include "io/memory_files.h"

namespace fastformer {
namespace {

constexpr char kText[] = "the fast former, and some words that nobody knows";

enum class Kind { kWords, kQuantized, kBpe, kUnigram };

text::TokenizerKind tokenizer_of(Kind kind) {
  if (kind == Kind::kBpe) return text::TokenizerKind::kBpe;
  if (kind == Kind::kUnigram) return text::TokenizerKind::kUnigram;
  return text::TokenizerKind::kWord;
}

std::string name_of_kind(const testing::TestParamInfo<Kind>& of) {
  constexpr const char* kKinds[] = {"Words", "Quantized", "Bpe", "Unigram"};
  return kKinds[static_cast<int>(of.param)];
}

// The model stays in memory: what reading a disk takes is not meant here.
class LoadTest : public testing::TestWithParam<Kind> {
 protected:
  LoadTest() : files_(written()), scope_(&files_) {}

  // Tries `use`, which gives false when it failed, with each allocation failing, and those after
  // it too where `for_good`.
  static void try_all(const std::function<bool()>& use, bool for_good) {
    ASSERT_TRUE(use());  // what is made once and stays is made here
    long number = 1, refused = 0;
    for (;; ++number) {
      long kept = 0, count = 0;
      bool is_done = false;
      {
        const FailingAllocations failing(number, for_good);
        is_done = use();
        count = failing.count();
        kept = failing.kept();
      }
      ASSERT_EQ(kept, 0) << "blocks leak after allocation " << number;
      if (count < number) {
        EXPECT_TRUE(is_done);
        break;
      }
      refused += !is_done;
      ASSERT_TRUE(use()) << "after a failure at allocation " << number;
    }
    std::printf("%ld allocations, %ld refused\n", number - 1, refused);
  }

  // Whether `body` ends without an exception.
  static bool ends_well(const std::function<void()>& body) {
    try {
      body();
      return true;
    } catch (const std::bad_alloc&) {
    } catch (const Error&) {
    }
    return false;
  }

 private:
  static std::map<std::string, std::string> written() {
    const TemporaryFolder folder;
    const model::WithoutSync without_sync;
    write_small_classifier(folder.path(), GetParam() == Kind::kQuantized, tokenizer_of(GetParam()));
    std::map<std::string, std::string> files;
    for (const std::string& name : io::list_directory(folder.path())) {
      files["model/" + name] = io::read_file(folder.file(name));
    }
    return files;
  }

  MemoryFiles files_;
  io::ScopedOperations scope_;
};

TEST_P(LoadTest, TheClassifierOfTheLibrary) {
  const std::vector<double> scores = TextClassifier::open("model").scores(kText);
  const std::string_view text = kText;
  for (const bool for_good : {false, true}) {
    try_all(
        [&] {
          return ends_well([&] {
            const TextClassifier classifier = TextClassifier::open("model");
            if (classifier.scores(kText) != scores) ADD_FAILURE() << "other scores";
            if (classifier.scores_of_all({&text, 1}, 1) != scores) ADD_FAILURE() << "others of all";
          });
        },
        for_good);
  }
}

TEST_P(LoadTest, TheModelOfTheLibrary) {
  try_all([] { return ends_well([] { Model::open("model").token_ids(kText); }); }, false);
}

TEST_P(LoadTest, TheCApi) {
  for (const bool for_good : {false, true}) {
    // The message keeps the room that it once had.
    fastformer_open("/none/of/a/name/that/is/long/enough/to/need/memory/for/its/message", 0);
    try_all(
        [] {
          fastformer_classifier* classifier = fastformer_open("model", 0);
          if (!classifier) return fastformer_last_error()[0] == '\0';
          double scores[3];
          const int result = fastformer_scores(classifier, kText, sizeof(kText) - 1, scores);
          fastformer_close(classifier);
          return result == 0;
        },
        for_good);
  }
}

TEST(ThreadsTest, APoolThatCannotStartAllThreadsStopsTheOthers) {
  constexpr int kThreads = 4;
  ThreadPool whole(kThreads);
  for (long number = 1;; ++number) {
    const FailingAllocations failing(number);
    try {
      const ThreadPool pool(kThreads);
      break;
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(failing.kept(), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, LoadTest,
                         testing::Values(Kind::kWords, Kind::kQuantized, Kind::kBpe,
                                         Kind::kUnigram),
                         name_of_kind);

}  // namespace
}  // namespace fastformer
