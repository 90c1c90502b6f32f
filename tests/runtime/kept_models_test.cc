// Model folders of earlier versions still give what they gave.
#include <fastformer/text_classifier.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/files.h"
#include "temporary_folder.h"

namespace fastformer {
namespace {

const std::string kFolder = std::string(FASTFORMER_TEST_DATA) + "/models/";

struct Expected {
  std::vector<std::string> texts;
  nlohmann::json scores;  // [texts] of label -> score

  explicit Expected(const std::string& model) {
    const auto document = nlohmann::json::parse(io::read_file(kFolder + "expected.json"));
    texts = document.at("texts").get<std::vector<std::string>>();
    scores = document.at(model);
  }
};

class KeptModelsTest : public testing::TestWithParam<const char*> {};

TEST_P(KeptModelsTest, GiveWhatTheyGave) {
  const Expected expected(GetParam());
  const auto classifier = TextClassifier::open(kFolder + GetParam());
  ASSERT_EQ(classifier.labels(), (std::vector<std::string>{"animals", "colours", "numbers"}));
  for (std::size_t i = 0; i < expected.texts.size(); ++i) {
    const std::vector<double> scores = classifier.scores(expected.texts[i]);
    for (std::size_t label = 0; label < scores.size(); ++label) {
      const double before = expected.scores.at(i).at(classifier.labels()[label]);
      EXPECT_NEAR(scores[label], before, 1e-5) << expected.texts[i];
    }
  }
}

TEST_P(KeptModelsTest, ManyTextsAreAsEachAlone) {
  const auto classifier = TextClassifier::open(kFolder + GetParam());
  const std::vector<std::string> known = Expected(GetParam()).texts;
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < 100; ++i) texts.push_back(known[i * i % known.size()]);
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += known[0] + " \xff ";
  texts.push_back(longer);
  std::vector<double> alone;
  for (const std::string_view text : texts) {
    for (const double score : classifier.scores(text)) alone.push_back(score);
  }
  for (const int threads : {0, 1, 2, 5}) {
    EXPECT_EQ(classifier.scores_of_all(texts, threads), alone) << threads << " threads";
  }
  EXPECT_EQ(classifier.scores_of_all({}), std::vector<double>());
}

TEST_P(KeptModelsTest, NameTheFirstTextThatIsTooLongWhereTheyRefuseIt) {
  const TemporaryFolder folder;
  for (const std::string& name : io::list_directory(kFolder + GetParam())) {
    folder.write(name, io::read_file(kFolder + GetParam() + "/" + name));
  }
  auto config = nlohmann::json::parse(io::read_file(folder.file("config.json")));
  config.at("text").at("truncate") = "error";
  folder.write("config.json", config.dump());
  const auto classifier = TextClassifier::open(folder.path());
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += "cat ";
  const std::vector<std::string_view> texts = {"cat", "dog", longer, "red", longer};
  for (const int threads : {1, 5}) {
    EXPECT_ERROR(classifier.scores_of_all(texts, threads), "document 3: the document has ");
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, KeptModelsTest, testing::Values("format1", "format2", "pieces"));

}  // namespace
}  // namespace fastformer
