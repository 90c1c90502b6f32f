// The runtime against the scalar reference under every switch and on every instruction set, and its
// promise: a document's result depends on nothing but the document and the model.
#include "runtime/classifier.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <thread>

#include "random_model.h"
#include "temporary_folder.h"

namespace fastformer::runtime {
namespace {

using kernels::InstructionSet;

// All lengths of which one tile holds several, and those around tiles, chunks and the crossing.
std::vector<int> tried_lengths() {
  std::vector<int> lengths;
  for (int length = 0; length <= 40; ++length) lengths.push_back(length);
  for (const int length : {95, 96, 97, 191, 192, 193, 479, 480, 481, 600, 961, 1100}) {
    lengths.push_back(length);
  }
  return lengths;
}

void check_promise(const Classifier& classifier) {
  const std::vector<Ids> documents = random_documents({7, 0, 64, 1, 20, 1000, 33, 481, 5, 100});
  ThreadPool alone(1);
  const std::vector<float> expected = logits_of(classifier, documents, alone);
  for (int threads = 1; threads <= 8; ++threads) {
    ThreadPool pool(threads);
    ASSERT_EQ(logits_of(classifier, documents, pool), expected) << threads << " threads";
    std::vector<float> one_by_one;
    for (const Ids& ids : documents) {
      const std::vector<float> logits = logits_of(classifier, {ids}, pool);
      one_by_one.insert(one_by_one.end(), logits.begin(), logits.end());
    }
    ASSERT_EQ(one_by_one, expected) << threads << " threads";
  }
}

class VariantTest : public testing::TestWithParam<Variant> {
 protected:
  VariantTest() {
    model::ModelConfig config = small_config();
    GetParam().change(config);
    model_ = std::make_unique<RandomModel>(config);
  }

  std::unique_ptr<RandomModel> model_;
};

TEST_P(VariantTest, LogitsEqualTheReference) {
  const std::vector<Ids> documents = random_documents(tried_lengths());
  std::vector<std::vector<double>> expected;
  for (const Ids& ids : documents) expected.push_back(model_->reference_logits(ids));
  ThreadPool pool(1);
  for (const InstructionSet set : kernels::available_instruction_sets()) {
    const Classifier classifier = model_->classifier(set);
    const std::vector<float> logits = logits_of(classifier, documents, pool);
    for (std::size_t i = 0; i < documents.size(); ++i) {
      for (std::size_t k = 0; k < classifier.labels(); ++k) {
        ASSERT_NEAR(logits[i * classifier.labels() + k], expected[i][k],
                    1e-4 * std::max(1.0, std::fabs(expected[i][k])))
            << kernels::name_of(set) << ", " << documents[i].size() << " tokens, label " << k;
      }
    }
  }
}

// Fewer bits in the products, the same model: these models' weights are large for it.
TEST_P(VariantTest, ShortNumbersAreNearTheReference) {
  const std::vector<Ids> documents = random_documents({0, 1, 5, 20, 40, 100, 500});
  ThreadPool pool(1);
  for (const auto& [precision, tolerance] :
       {std::pair(Precision::kBfloat16, 0.05), std::pair(Precision::kInt8, 0.25)}) {
    for (const InstructionSet set : kernels::available_instruction_sets()) {
      const Classifier classifier = model_->classifier(set, precision);
      const std::vector<float> logits = logits_of(classifier, documents, pool);
      for (std::size_t i = 0; i < documents.size(); ++i) {
        const std::vector<double> expected = model_->reference_logits(documents[i]);
        double largest = 1;
        for (const double logit : expected) largest = std::max(largest, std::fabs(logit));
        for (std::size_t k = 0; k < classifier.labels(); ++k) {
          ASSERT_NEAR(logits[i * classifier.labels() + k], expected[k], tolerance * largest)
              << kernels::name_of(set) << ", " << documents[i].size() << " tokens, label " << k;
        }
      }
    }
  }
}

TEST_P(VariantTest, BatchMatesAndThreadsDoNotChangeABit) {
  for (const Precision precision : kPrecisions) {
    for (const InstructionSet set : kernels::available_instruction_sets()) {
      check_promise(model_->classifier(set, precision));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Switches, VariantTest, testing::ValuesIn(kVariants),
                         [](const auto& variant) { return variant.param.name; });

class PrecisionTest : public testing::TestWithParam<Precision> {};

void check_batch_sizes(const Classifier& classifier) {
  std::vector<int> lengths;
  for (int i = 0; i < 64; ++i) lengths.push_back(i * 37 % 130);
  const std::vector<Ids> documents = random_documents(lengths);
  ThreadPool pool(2);
  const std::vector<float> expected = logits_of(classifier, documents, pool);
  for (std::size_t size = 1; size <= 64; ++size) {
    std::vector<float> found;
    for (std::size_t begin = 0; begin < documents.size(); begin += size) {
      const std::size_t end = std::min(documents.size(), begin + size);
      const std::vector<float> logits =
          logits_of(classifier,
                    {documents.begin() + static_cast<std::ptrdiff_t>(begin),
                     documents.begin() + static_cast<std::ptrdiff_t>(end)},
                    pool);
      found.insert(found.end(), logits.begin(), logits.end());
    }
    ASSERT_EQ(found, expected) << "batches of " << size;
  }
}

// One for each form of a layer, of what tokens see of each other and of a document's vector.
TEST_P(PrecisionTest, BatchesOfEverySizeGiveTheSameBits) {
  const std::set<std::string> chosen = {"Published",   "Concatenation",      "NoGlobalKey",
                                        "SliceScores", "LocalInThreeLayers", "PreNormBothPoolings",
                                        "Wide"};
  std::size_t tried = 0;
  for (const Variant& variant : kVariants) {
    if (!chosen.contains(variant.name)) continue;
    SCOPED_TRACE(variant.name);
    model::ModelConfig config = small_config();
    variant.change(config);
    check_batch_sizes(RandomModel(config).classifier(kernels::instruction_set(), GetParam()));
    ++tried;
  }
  EXPECT_EQ(tried, chosen.size());
}

TEST_P(PrecisionTest, ThreadsMayShareAClassifier) {
  const RandomModel model(small_config());
  const Classifier classifier = model.classifier(kernels::instruction_set(), GetParam());
  const std::vector<Ids> documents = random_documents({3, 500, 90, 0, 17});
  ThreadPool pool(1);
  const std::vector<float> expected = logits_of(classifier, documents, pool);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (std::vector<float>& logits : found) {
    threads.emplace_back([&] {
      ThreadPool own(2);
      for (int i = 0; i < 20; ++i) logits = logits_of(classifier, documents, own);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& logits : found) EXPECT_EQ(logits, expected);
}

// Memory that an earlier document has used must not show.
TEST_P(PrecisionTest, WhatRanBeforeDoesNotMatter) {
  const RandomModel model(small_config());
  const std::vector<Ids> documents = random_documents({700, 3, 120, 0, 700, 1});
  ThreadPool pool(1);
  const Classifier used = model.classifier(kernels::instruction_set(), GetParam());
  for (const Ids& ids : documents) {
    const Classifier fresh = model.classifier(kernels::instruction_set(), GetParam());
    EXPECT_EQ(logits_of(used, {ids}, pool), logits_of(fresh, {ids}, pool));
  }
}

// Nor must one whose numbers were not finite.
TEST_P(PrecisionTest, ADocumentThatFailedDoesNotMatter) {
  for (const NormPlacement norm :
       {NormPlacement::kPost, NormPlacement::kPre, NormPlacement::kNone}) {
    model::ModelConfig config = small_config();
    config.encoder.norm = norm;
    RandomModel model(config);
    std::vector<float>& words = model.tensor("embedding.word.weight");
    std::fill_n(words.begin() + 7 * config.encoder.width, config.encoder.width,
                std::numeric_limits<float>::infinity());
    ThreadPool pool(1);
    const Ids good(20, 3), bad(20, 7);
    for (const InstructionSet set : kernels::available_instruction_sets()) {
      const Classifier classifier = model.classifier(set, GetParam());
      const std::vector<float> expected = logits_of(classifier, {good}, pool);
      EXPECT_ERROR(logits_of(classifier, {bad}, pool), "not finite");
      EXPECT_EQ(logits_of(classifier, {good}, pool), expected) << kernels::name_of(set);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, PrecisionTest, testing::ValuesIn(kPrecisions));

TEST(ClassifierTest, EmptyDocumentsGetTheHeadsBias) {
  RandomModel model(small_config());
  ThreadPool pool(1);
  EXPECT_EQ(logits_of(model.classifier(kernels::instruction_set()), {{}}, pool),
            model.tensor("classifier.bias"));
}

TEST(ClassifierTest, WrongDocumentsAreErrors) {
  const RandomModel model(small_config());
  const Classifier classifier = model.classifier(kernels::instruction_set());
  ThreadPool pool(2);
  EXPECT_ERROR(logits_of(classifier, {{1}, {30}}, pool), "id 30");
  EXPECT_ERROR(logits_of(classifier, {{-1}}, pool), "id -1");
  EXPECT_ERROR(logits_of(classifier, random_documents({1101}), pool), "1100 positions");
}

TEST(ClassifierTest, NumbersThatAreNotFiniteAreErrors) {
  for (const char* name : {"embedding.word.weight", "encoder.layer.1.attention.key.weight",
                           "encoder.layer.0.feed_forward.inner.bias", "classifier.bias"}) {
    RandomModel model(small_config());
    for (float& value : model.tensor(name)) value = std::nanf("");
    ThreadPool pool(1);
    for (const Precision precision : kPrecisions) {
      for (const InstructionSet set : kernels::available_instruction_sets()) {
        const Classifier classifier = model.classifier(set, precision);
        EXPECT_ERROR(logits_of(classifier, random_documents({9}), pool), "a random model: gives");
      }
    }
  }
}

TEST(ClassifierTest, AnEncoderThatItDoesNotHaveIsAnError) {
  model::ModelConfig config = small_config();
  const RandomModel model(config);
  config.encoder.encoder = "other";
  EXPECT_ERROR(RandomModel(config).classifier(kernels::instruction_set()), "\"other\"");
}

}  // namespace
}  // namespace fastformer::runtime
