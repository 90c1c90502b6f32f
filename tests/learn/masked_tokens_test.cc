// Pretraining: gradients, exactness of the loss, repeatability, and that neighbours are learnt
// from.
#include "learn/tasks/masked_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gradient_check.h"
#include "learn/training/trainer.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

using Documents = MaskedTokensTask::Documents;
using Ids = std::vector<std::int32_t>;

model::ModelConfig masked_config() {
  model::ModelConfig config = small_config();
  config.task = model::kPretraining;
  config.labels.clear();
  config.encoder.local = Local::kGated;
  return config;
}

MaskingOptions masking(int candidates) {
  MaskingOptions options;
  options.share = 0.25;
  options.candidates = candidates;
  return options;
}

// All documents together, whatever their lengths.
data::BatchOptions one_batch() {
  data::BatchOptions options;
  options.bucket = false;
  return options;
}

// Spreads the parameters like spread_parameters().
void spread(MaskedModel& model, double deviation) {
  const Parameters& parameters = model.parameters();
  for (std::size_t n = 0; n < parameters.names().size(); ++n) {
    Random random(hash_of(parameters.names()[n], 99));
    at::Tensor values = parameters.tensors()[n].detach();
    at::Tensor noise = at::empty(values.sizes(), at::kDouble);
    double* data = noise.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < noise.numel(); ++i) data[i] = deviation * random.normal();
    values.add_(noise.to(values.scalar_type()));
  }
}

TEST(MaskedTokensTest, GradientsEqualFiniteDifferences) {
  for (NormPlacement norm : {NormPlacement::kPost, NormPlacement::kPre, NormPlacement::kNone}) {
    for (int candidates : {0, 6}) {
      model::ModelConfig config = masked_config();
      config.encoder.norm = norm;
      MaskedModel model(config, 5, at::kDouble);
      MaskedTokensTask task(model, random_documents({9, 30, 1, 12}), {}, one_batch(),
                            masking(candidates), 2);
      spread(model, 0.4);
      task.begin_epoch(0);
      const auto loss = [&] { return task.loss(0, {}); };
      for (std::size_t i = 0; i < model.parameters().names().size(); ++i) {
        check_gradient(model.parameters().tensors()[i], loss, model.parameters().names()[i]);
      }
    }
  }
}

// Input and output read the same table; its gradient has each row once, as the optimizer wants.
TEST(MaskedTokensTest, GradientOfTheTiedTableHasDistinctRowsThatWereNamed) {
  MaskedModel model(masked_config(), 5, at::kDouble);
  MaskedTokensTask task(model, random_documents({9, 30, 1, 12}), {}, one_batch(), masking(6), 2);
  task.begin_epoch(0);
  task.loss(0, {}).backward();
  model.parameters().merge_gradient_rows();
  const at::Tensor gradient = model.parameters().at("embedding.word.weight").grad();
  ASSERT_TRUE(gradient.is_sparse());
  EXPECT_TRUE(gradient.is_coalesced());
  const at::Tensor rows = gradient._indices()[0].contiguous();
  const std::vector<UsedRows> used = task.used_rows(0);
  ASSERT_EQ(used[0].parameter, "embedding.word.weight");
  for (std::int64_t n = 0; n < rows.numel(); ++n) {
    const std::int64_t row = rows[n].item<std::int64_t>();
    EXPECT_GT(row, n > 0 ? rows[n - 1].item<std::int64_t>() : -1);
    EXPECT_TRUE(std::binary_search(used[0].rows.begin(), used[0].rows.end(), row));
  }
}

TEST(MaskedTokensTest, DenseGradientsHoldTheSparseOnes) {
  std::vector<std::vector<at::Tensor>> found;
  for (const TableGradient gradient : {TableGradient::kRows, TableGradient::kAll}) {
    MaskedModel model(masked_config(), 5, at::kDouble);
    MaskedTokensTask task(model, random_documents({9, 30, 1, 12}), {}, one_batch(), masking(6), 2);
    spread(model, 0.4);
    model.parameters().set_table_gradient(gradient);
    task.begin_epoch(0);
    task.loss(0, {}).backward();
    model.parameters().merge_gradient_rows();
    found.emplace_back();
    for (const std::string& name : model.parameters().names()) {
      const at::Tensor& own = model.parameters().at(name).grad();
      if (!own.defined()) continue;
      const bool is_table = name == "embedding.word.weight" || name == "embedding.position.weight";
      EXPECT_EQ(own.is_sparse(), is_table && gradient == TableGradient::kRows) << name;
      found.back().push_back(own.to_dense());
    }
  }
  ASSERT_EQ(found[0].size(), found[1].size());
  for (std::size_t i = 0; i < found[0].size(); ++i) {
    EXPECT_LT(difference(found[0][i], found[1][i]), 1e-13);
  }
}

// A model that has learnt nothing guesses by frequency: that is where its output begins.
TEST(MaskedTokensTest, BeginsAtTheWordFrequencies) {
  auto documents = random_documents({64, 60, 50, 64});
  for (auto& ids : documents) {
    for (std::int32_t& id : ids) id = id < 15 ? 3 : id;
  }
  MaskedModel model(masked_config(), 5, at::kDouble);
  MaskedTokensTask task(model, documents, documents, {}, masking(0), 2);
  const at::NoGradGuard no_gradients;
  at::Tensor table = model.parameters().at("embedding.word.weight");
  table.mul_(1e-6);
  const Validation found = task.validate(), expected = task.validate_frequencies();
  EXPECT_GT(task.validation_guesses(), 50);
  EXPECT_NEAR(found.loss, expected.loss, 1e-4);
  EXPECT_EQ(found.score, expected.score);
  EXPECT_GT(expected.score, 0.3);
}

TEST(MaskedTokensTest, BatchesWithoutKnownWordsHaveNoLoss) {
  MaskedModel model(masked_config(), 5);
  MaskedTokensTask task(model, std::vector<Ids>{{0, 0, 0}, {0}}, std::vector<Ids>{{0, 0}},
                        one_batch(), masking(0), 2);
  const std::int64_t batches = task.begin_epoch(0);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const at::Tensor loss = task.loss(batch, {});
    EXPECT_EQ(loss.item<double>(), 0);
    loss.backward();
  }
  EXPECT_EQ(task.validate().loss, 0);
}

// Runs of ascending ids: a masked word is the one between its neighbours.
Documents counting_documents(int count, std::uint64_t seed) {
  Random random(seed);
  Documents documents;
  for (int n = 0; n < count; ++n) {
    std::vector<std::int32_t> ids;
    auto id = static_cast<std::int32_t>(1 + random.below(29));
    for (int i = 0; i < 20; ++i, id = id % 29 + 1) ids.push_back(id);
    documents.add(ids);
  }
  return documents;
}

TrainingResult pretrain(MaskedModel& model, int candidates, int epochs) {
  MaskedTokensTask task(model, counting_documents(200, 1), counting_documents(40, 2), {},
                        masking(candidates), 2);
  TrainingOptions options;
  options.epochs = epochs;
  options.learning_rate = 0.02;
  options.threads = 1;
  return train(task, options, {});
}

TEST(MaskedTokensTest, ALocalBranchLearnsFromNeighboursAndAttentionAloneDoesNot) {
  model::ModelConfig config = masked_config();
  config.encoder.positions = Positions::kNone;
  MaskedModel with(config, 5);
  EXPECT_GT(pretrain(with, 0, 15).validation.score, 0.7);
  config.encoder.local = Local::kNone;
  MaskedModel without(config, 5);
  EXPECT_LT(pretrain(without, 0, 15).validation.score, 0.5);
}

TEST(MaskedTokensTest, SampledCandidatesLearnAsAllWordsDo) {
  model::ModelConfig config = masked_config();
  config.encoder.positions = Positions::kNone;
  MaskedModel model(config, 5);
  const TrainingResult result = pretrain(model, 12, 15);
  EXPECT_GT(result.validation.score, 0.7);
}

TEST(MaskedTokensTest, TheSameRunGivesTheSameBits) {
  MaskedModel first(masked_config(), 5), second(masked_config(), 5);
  pretrain(first, 12, 2);
  pretrain(second, 12, 2);
  for (std::size_t i = 0; i < first.parameters().names().size(); ++i) {
    EXPECT_TRUE(at::equal(first.parameters().tensors()[i], second.parameters().tensors()[i]));
  }
}

}  // namespace
}  // namespace fastformer::learn
