// Properties of the classifier under every switch: gradients, and what a document's result may
// depend on.
#include "learn/tasks/classifier.h"

#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <ostream>

#include "gradient_check.h"
#include "small_model.h"
#include "temporary_folder.h"

namespace fastformer::learn {
namespace {

struct Variant {
  const char* name;
  void (*change)(model::ModelConfig&);
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

constexpr Variant kVariants[] = {
    {"Published", [](model::ModelConfig&) {}},
    {"Sum", [](model::ModelConfig& c) { c.fastformer.interaction = Interaction::kSum; }},
    {"Concatenation",
     [](model::ModelConfig& c) { c.fastformer.interaction = Interaction::kConcatenation; }},
    {"SliceScores", [](model::ModelConfig& c) { c.fastformer.head_scores = HeadScores::kSlice; }},
    {"OwnValue", [](model::ModelConfig& c) { c.fastformer.share_query_value = false; }},
    {"NoGlobalKey", [](model::ModelConfig& c) { c.fastformer.global_key = false; }},
    {"NoGlobalKeyOfSlices",
     [](model::ModelConfig& c) {
       c.fastformer.global_key = false;
       c.fastformer.head_scores = HeadScores::kSlice;
       c.fastformer.interaction = Interaction::kConcatenation;
     }},
    {"SharedHeads", [](model::ModelConfig& c) { c.fastformer.share_heads = true; }},
    {"SharedLayers", [](model::ModelConfig& c) { c.encoder.share_layers = true; }},
    {"Sinusoidal", [](model::ModelConfig& c) { c.encoder.positions = Positions::kSinusoidal; }},
    {"NoPositions", [](model::ModelConfig& c) { c.encoder.positions = Positions::kNone; }},
    {"PreNorm", [](model::ModelConfig& c) { c.encoder.norm = NormPlacement::kPre; }},
    {"NoNorm", [](model::ModelConfig& c) { c.encoder.norm = NormPlacement::kNone; }},
    {"NoFeedForward", [](model::ModelConfig& c) { c.encoder.feed_forward = 0; }},
    {"MaxPooling", [](model::ModelConfig& c) { c.encoder.pooling = Pooling::kMax; }},
    {"BothPoolings", [](model::ModelConfig& c) { c.encoder.pooling = Pooling::kBoth; }},
    {"Local", [](model::ModelConfig& c) { c.encoder.local = Local::kConvolution; }},
    {"GatedLocal", [](model::ModelConfig& c) { c.encoder.local = Local::kGated; }},
    {"WideLocal",  // wider than most documents
     [](model::ModelConfig& c) {
       c.encoder.local = Local::kGated;
       c.encoder.local_width = 31;
     }},
    {"LocalPreNorm",
     [](model::ModelConfig& c) {
       c.encoder.local = Local::kConvolution;
       c.encoder.norm = NormPlacement::kPre;
       c.encoder.share_layers = true;
     }},
    {"NoResidual", [](model::ModelConfig& c) { c.encoder.residual = false; }},
};

std::string name_of(const testing::TestParamInfo<Variant>& variant) { return variant.param.name; }

class VariantTest : public testing::TestWithParam<Variant> {
 protected:
  VariantTest() : config_(small_config()) {
    GetParam().change(config_);
    classifier_ = std::make_unique<Classifier>(config_, 5, at::kDouble);
    spread_parameters(*classifier_);
  }

  at::Tensor logits(const std::vector<std::vector<std::int32_t>>& documents) {
    return classifier_->logits(batch_of(documents), {});
  }

  model::ModelConfig config_;
  std::unique_ptr<Classifier> classifier_;
};

TEST_P(VariantTest, GradientsEqualFiniteDifferences) {
  const auto documents = random_documents({5, 1, 9, 0, 3});
  const at::Tensor labels = at::tensor(std::vector<std::int64_t>{0, 2, 1, 1, 0}, at::kLong);
  const auto loss = [&] { return at::cross_entropy_loss(logits(documents), labels); };
  const Parameters& parameters = classifier_->parameters();
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    check_gradient(parameters.tensors()[i], loss, parameters.names()[i]);
  }
}

TEST_P(VariantTest, BatchMatesDoNotChangeAResult) {
  const auto documents = random_documents({7, 0, 64, 1, 20, 33});
  const at::Tensor together = logits(documents);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const at::Tensor alone = logits({documents[i]});
    EXPECT_LT(difference(alone[0], together[static_cast<std::int64_t>(i)]), 1e-12) << i;
  }
}

TEST_P(VariantTest, EmptyDocumentGetsTheHeadsBias) {
  EXPECT_LT(difference(logits({{}})[0], classifier_->parameters().at("classifier.bias")), 1e-15);
}

TEST_P(VariantTest, TheSwitchMatters) {
  if (std::string(GetParam().name) == "Published") {
    EXPECT_EQ(model::tensors_of(config_).size(), model::tensors_of(small_config()).size());
    return;
  }
  Classifier published(small_config(), 5, at::kDouble);
  const auto documents = random_documents({7, 20});
  // Tensors of one name and shape are alike, so only the switch makes a difference.
  spread_parameters(published);
  EXPECT_GT(difference(published.logits(batch_of(documents), {}), logits(documents)), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Switches, VariantTest, testing::ValuesIn(kVariants), name_of);

// Short and long documents have forms of their own, and those of a batch are mixed up.
TEST(ClassifierTest, KernelsGiveAMixedBatchTheGradientsOfFloat64) {
  model::ModelConfig config = small_config();
  config.encoder.width = config.encoder.feed_forward = 64;  // whole panels, which kernels want
  config.encoder.heads = 4;
  config.text.max_length = 200;
  const data::RaggedBatch batch = batch_of(random_documents({3, 150, 0, 95, 96, 97, 30, 199, 1}));
  std::vector<std::vector<at::Tensor>> gradients;
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    Classifier classifier(config, 5, type);
    const at::Tensor logits = classifier.logits(batch, {});
    (logits * at::arange(logits.numel(), logits.options()).view_as(logits).sin()).sum().backward();
    const Parameters& parameters = classifier.parameters();
    gradients.emplace_back();
    for (std::size_t n = 0; n < parameters.names().size(); ++n) {
      gradients.back().push_back(
          gradient_of(parameters.tensors()[n], parameters.names()[n]).to(at::kDouble));
    }
  }
  double largest = 0;
  for (const at::Tensor& gradient : gradients[1]) {
    largest = std::max(largest, gradient.abs().max().item<double>());
  }
  for (std::size_t n = 0; n < gradients[0].size(); ++n) {
    EXPECT_LT(difference(gradients[0][n], gradients[1][n]), 1e-5 * largest) << n;
  }
}

TEST(ClassifierTest, WithoutPositionsTheOrderOfWordsDoesNotMatter) {
  model::ModelConfig config = small_config();
  config.encoder.positions = Positions::kNone;
  Classifier classifier(config, 3, at::kDouble);
  spread_parameters(classifier);
  auto documents = random_documents({17});
  std::vector<at::Tensor> before, after;
  ForwardContext context;
  context.hidden_states = &before;
  const at::Tensor logits = classifier.logits(batch_of(documents), context);
  std::vector<std::int64_t> order(documents[0].size());
  std::iota(order.begin(), order.end(), 0);
  Random random(4);
  shuffle(std::span(order), random);
  std::vector<std::int32_t> permuted;
  for (std::int64_t from : order) permuted.push_back(documents[0][static_cast<std::size_t>(from)]);
  context.hidden_states = &after;
  const at::Tensor shuffled_logits = classifier.logits(batch_of({permuted}), context);
  EXPECT_LT(difference(logits, shuffled_logits), 1e-12);
  // Equivariance: the hidden states move with their tokens.
  const at::Tensor index = at::tensor(order, at::kLong);
  for (std::size_t layer = 0; layer < before.size(); ++layer) {
    EXPECT_LT(difference(before[layer].index_select(0, index), after[layer]), 1e-12);
  }
}

// Without positions order shows through neighbours alone.
TEST(ClassifierTest, ALocalBranchSeesTheOrderOfNeighbours) {
  for (Local local : {Local::kConvolution, Local::kGated}) {
    model::ModelConfig config = small_config();
    config.encoder.positions = Positions::kNone;
    config.encoder.local = local;
    Classifier classifier(config, 3, at::kDouble);
    spread_parameters(classifier);
    const at::Tensor logits = classifier.logits(batch_of({{1, 2, 3, 4}}), {});
    EXPECT_GT(difference(logits, classifier.logits(batch_of({{1, 3, 2, 4}}), {})), 1e-6);
    EXPECT_GT(difference(logits, classifier.logits(batch_of({{4, 3, 2, 1}}), {})), 1e-6);
  }
}

TEST(ClassifierTest, ALocalBranchOfZerosIsNone) {
  for (Local local : {Local::kConvolution, Local::kGated}) {
    model::ModelConfig config = small_config();
    config.encoder.local = local;
    Classifier with(config, 3, at::kDouble), without(small_config(), 3, at::kDouble);
    spread_parameters(with);
    spread_parameters(without);
    for (const char* layer : {"encoder.layer.0.", "encoder.layer.1."}) {
      for (const char* name : {"weight", "bias"}) {
        const std::string tensor = std::string(layer) + "local.convolution." + name;
        with.parameters().set(tensor, at::zeros_like(with.parameters().at(tensor)));
      }
    }
    const data::RaggedBatch batch = batch_of(random_documents({9, 0, 1, 40}));
    EXPECT_EQ(difference(with.logits(batch, {}), without.logits(batch, {})), 0);
  }
}

TEST(ClassifierTest, WithPositionsTheOrderMatters) {
  Classifier classifier(small_config(), 3, at::kDouble);
  spread_parameters(classifier);
  const at::Tensor forward = classifier.logits(batch_of({{1, 2, 3}}), {});
  EXPECT_GT(difference(forward, classifier.logits(batch_of({{3, 2, 1}}), {})), 1e-6);
}

TEST(ClassifierTest, TokenBudgetAndBatchSizeDoNotChangeResults) {
  Classifier classifier(small_config(), 3);
  spread_parameters(classifier);
  const auto documents = random_documents({3, 40, 0, 12, 64, 1, 9, 27, 5, 5, 31});
  data::BatchOptions options;
  const std::vector<float> expected = classify(classifier, documents, options);
  for (const auto& [size, tokens] : {std::pair{1, 1}, {2, 50}, {3, 1000}, {64, 70}}) {
    options.batch_size = size;
    options.batch_tokens = tokens;
    const std::vector<float> found = classify(classifier, documents, options);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 2e-5);
  }
}

TEST(ClassifierTest, DropoutDependsOnTheSeedAlone) {
  model::ModelConfig config = small_config();
  config.encoder.dropout = 0.5;
  Classifier classifier(config, 3);
  const data::RaggedBatch batch = batch_of(random_documents({9, 30}));
  ForwardContext context;
  context.training = true;
  context.seed = 1;
  const at::Tensor first = classifier.logits(batch, context);
  EXPECT_EQ(difference(first, classifier.logits(batch, context)), 0);
  context.seed = 2;
  EXPECT_GT(difference(first, classifier.logits(batch, context)), 0);
}

TEST(ClassifierTest, MasksOfTrainingAreNoneOfUse) {
  model::ModelConfig config = small_config();
  config.encoder.dropout = 0.5;
  Classifier classifier(config, 3);
  spread_parameters(classifier);
  const data::RaggedBatch batch = batch_of(random_documents({9, 30}));
  const at::Tensor used = classifier.logits(batch, {});
  ForwardContext context;
  context.seed = 1;
  context.dropout_mask = DropoutMask::kDocument;
  context.word_dropout = 0.5;
  EXPECT_EQ(difference(used, classifier.logits(batch, context)), 0);
  context.training = true;
  const at::Tensor both = classifier.logits(batch, context);
  EXPECT_EQ(difference(both, classifier.logits(batch, context)), 0);
  context.word_dropout = 0;
  const at::Tensor documents = classifier.logits(batch, context);
  EXPECT_GT(difference(both, documents), 0);
  context.dropout_mask = DropoutMask::kToken;
  EXPECT_GT(difference(documents, classifier.logits(batch, context)), 0);
}

// With every word dropped a document is as many unknown words.
TEST(ClassifierTest, ADroppedWordIsTheUnknownOne) {
  Classifier classifier(small_config(), 3);
  spread_parameters(classifier);
  ForwardContext context;
  context.training = true;
  context.word_dropout = 1;
  const at::Tensor dropped = classifier.logits(batch_of({{5, 7, 9}}), context);
  EXPECT_EQ(difference(dropped, classifier.logits(batch_of({{0, 0, 0}}), {})), 0);
}

TEST(ClassifierTest, IdOutsideTheVocabularyIsAnError) {
  Classifier classifier(small_config(), 3);
  EXPECT_THROW(classifier.logits(batch_of({{30}}), {}), Error);
  EXPECT_THROW(classifier.logits(batch_of({{-1}}), {}), Error);
}

TEST(EncoderTest, EveryNameThatModelsKnowIsMadeHere) {
  install_encoders();
  EXPECT_GT(model::encoder_names().size(), 1U);  // more than the one that every program knows
  for (const std::string& name : model::encoder_names()) {
    model::ModelConfig config = small_config();
    config.encoder.encoder = name;
    EXPECT_TRUE(make_encoder(config)) << name;
  }
  model::ModelConfig config = small_config();
  config.encoder.encoder = "fastfromer";
  EXPECT_ERROR(make_encoder(config), "fastformer");
}

TEST(ClassifyTest, ResultsThatAreNotFiniteAreAnError) {
  Classifier classifier(small_config(), 1);
  const auto documents = random_documents({3, 5});
  EXPECT_EQ(classify(classifier, documents, {}).size(), 6u);
  classifier.parameters().set("classifier.bias", at::tensor({0.0, std::nan(""), 0.0}));
  EXPECT_ERROR(classify(classifier, documents, {}), "not finite");
}

}  // namespace
}  // namespace fastformer::learn
