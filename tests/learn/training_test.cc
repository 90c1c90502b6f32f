// Optimizer, schedule and the training loop.
#include <fastformer/error.h>
#include <gtest/gtest.h>

#include "learn/tasks/classification.h"
#include "learn/training/optimizer.h"
#include "learn/training/presets.h"
#include "learn/training/schedule.h"
#include "learn/training/trainer.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

// Documents whose label is the residue of their ids; a share of the labels is then drawn anew.
LabelledDocuments labelled(int count, std::uint64_t seed, double noise = 0) {
  LabelledDocuments documents;
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const auto label = static_cast<std::int64_t>(random.below(3));
    std::vector<std::int32_t> ids;
    for (std::uint64_t n = 0; n < 3 + random.below(10); ++n) {
      ids.push_back(
          static_cast<std::int32_t>(3 * random.below(10) + static_cast<std::uint64_t>(label)));
    }
    documents.ids.push_back(ids);
    const bool wrong = random.uniform() < noise;
    documents.labels.push_back(wrong ? static_cast<std::int64_t>(random.below(3)) : label);
  }
  return documents;
}

TrainingOptions quick_options() {
  TrainingOptions options;
  options.epochs = 3;
  options.learning_rate = 0.01;
  options.seed = 11;
  return options;
}

std::vector<at::Tensor> trained(const TrainingOptions& options, TrainingResult* result = nullptr,
                                const TrainingObserver& observer = {}, double noise = 0) {
  model::ModelConfig config = small_config();
  config.encoder.dropout = 0.1;
  Classifier classifier(config, static_cast<std::uint64_t>(options.seed));
  data::BatchOptions batches;
  batches.batch_size = 8;
  ClassificationTask task(classifier, labelled(200, 1), labelled(60, 2, noise), batches,
                          static_cast<std::uint64_t>(options.seed));
  const TrainingResult found = train(task, options, observer);
  if (result) *result = found;
  return classifier.parameters().snapshot();
}

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return a.size() == b.size();
}

TEST(TrainerTest, LearnsWhatCanBeLearned) {
  TrainingResult result;
  trained(quick_options(), &result);
  EXPECT_GT(result.validation.score, 0.95);
  EXPECT_EQ(result.epochs, 3);
}

TEST(TrainerTest, SameSeedSameBits) {
  const auto first = trained(quick_options());
  EXPECT_TRUE(equal(first, trained(quick_options())));
  TrainingOptions other = quick_options();
  other.seed = 12;
  EXPECT_FALSE(equal(first, trained(other)));
}

TEST(TrainerTest, KeepsTheBestEpochAndStopsEarly) {
  TrainingOptions options = quick_options();
  options.epochs = 30;
  options.patience = 2;
  std::vector<double> scores, losses;
  TrainingObserver observer;
  observer.on_epoch = [&](const EpochReport& report) {
    scores.push_back(report.validation.score);
    losses.push_back(report.validation.loss);
  };
  TrainingResult result;
  const auto kept = trained(options, &result, observer, 0.3);
  ASSERT_LT(result.epochs, 30);
  EXPECT_EQ(result.epochs - result.best_epoch, 2);
  EXPECT_EQ(result.validation.score, *std::max_element(scores.begin(), scores.end()));
  // The kept parameters are those of the best epoch: they score the same again.
  Classifier classifier(small_config(), 0);
  classifier.parameters().restore(kept);
  const LabelledDocuments valid = labelled(60, 2, 0.3);
  const Validation again = score_logits(classify(classifier, valid.ids, {}), valid.labels, 3);
  EXPECT_EQ(again.score, result.validation.score);
  EXPECT_NEAR(again.loss, result.validation.loss, 1e-6);
}

TEST(TrainerTest, ALossThatIsNotFiniteIsAnError) {
  TrainingOptions options = quick_options();
  options.learning_rate = 1e9;
  options.clip_norm = 0;
  options.warmup = 0;
  options.epochs = 50;
  model::ModelConfig config = small_config();
  config.encoder.norm = NormPlacement::kNone;
  Classifier classifier(config, 0);
  ClassificationTask task(classifier, labelled(50, 1), {}, {}, 0);
  EXPECT_THROW(train(task, options, {}), Error);
}

// A task whose loss is finite and whose gradient is not.
class InfiniteGradientTask : public Task {
 public:
  Parameters& parameters() override { return parameters_; }
  std::string score_name() const override { return "accuracy"; }
  std::int64_t begin_epoch(int) override { return 1; }
  BatchSize batch_size(std::int64_t) const override { return {1, 1}; }
  std::vector<UsedRows> used_rows(std::int64_t) const override { return {}; }
  at::Tensor loss(std::int64_t, const ForwardContext&) override {
    return parameters_.at("zero").sqrt().sum();
  }
  bool has_validation() const override { return false; }
  Validation validate() override { return {}; }

 private:
  Parameters parameters_{{{"zero", {2}, model::Initial::kZero}}, 0};
};

TEST(TrainerTest, GradientsThatAreNotFiniteAreAnErrorAlsoAtTheLastStep) {
  TrainingOptions options = quick_options();
  options.epochs = 1;
  InfiniteGradientTask task;
  try {
    train(task, options, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("gradients"), std::string::npos);
  }
  EXPECT_EQ(task.parameters().at("zero").sum().item<double>(), 0);
}

TEST(ScheduleTest, RisesThenFallsToZero) {
  TrainingOptions options;
  options.learning_rate = 1;
  options.warmup = 0.25;
  for (Decay decay : {Decay::kLinear, Decay::kCosine}) {
    options.decay = decay;
    EXPECT_DOUBLE_EQ(learning_rate_at(options, 0, 100), 1.0 / 25);
    EXPECT_DOUBLE_EQ(learning_rate_at(options, 24, 100), 1);
    EXPECT_DOUBLE_EQ(learning_rate_at(options, 25, 100), 1);
    for (int step = 26; step < 100; ++step) {
      EXPECT_LT(learning_rate_at(options, step, 100), learning_rate_at(options, step - 1, 100));
    }
    EXPECT_GT(learning_rate_at(options, 99, 100), 0);
    EXPECT_NEAR(learning_rate_at(options, 100, 100), 0, 1e-15);
  }
  options.decay = Decay::kNone;
  options.warmup = 0;
  EXPECT_EQ(learning_rate_at(options, 0, 100), 1);
  EXPECT_EQ(learning_rate_at(options, 99, 100), 1);
}

// A table of which each step touches some rows, by dense Adam and by its sparse equal.
TEST(OptimizerTest, SparseRowsEqualDenseAdam) {
  const std::vector<model::TensorSpec> schema = {{"embedding.t", {8, 4}, model::Initial::kNormal}};
  for (OptimizerKind kind : {OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    TrainingOptions options;
    options.optimizer = kind;
    options.weight_decay = 0.1;
    Parameters dense(schema, 1, at::kDouble), sparse(schema, 1, at::kDouble);
    Optimizer dense_optimizer(dense, options), sparse_optimizer(sparse, options);
    const at::Tensor start = sparse.at("embedding.t").detach().clone();
    Random random(3);
    for (int step = 0; step < 400; ++step) {
      const double rate = 0.01 * learning_rate_at(options, step, 400) / options.learning_rate;
      // Row 7 is never touched, row 6 once; the others at random.
      std::vector<std::int64_t> rows;
      for (std::int64_t row = 0; row < 6; ++row) {
        if (random.uniform() < 0.02 + 0.1 * static_cast<double>(row)) rows.push_back(row);
      }
      if (step == 50) rows.push_back(6);
      const at::Tensor index = at::tensor(rows, at::kLong);
      at::Tensor values = at::empty({index.numel(), 4}, at::kDouble);
      for (std::int64_t i = 0; i < values.numel(); ++i) {
        values.mutable_data_ptr<double>()[i] = 0.5 + random.normal();
      }
      const std::vector<UsedRows> used = {{"embedding.t", rows}};
      sparse_optimizer.prepare(used);
      EXPECT_LT(difference(dense.at("embedding.t").detach().index_select(0, index).sum(),
                           sparse.at("embedding.t").detach().index_select(0, index).sum()),
                1e-6);
      dense.at("embedding.t").mutable_grad() =
          at::zeros({8, 4}, at::kDouble).index_copy(0, index, values);
      sparse.at("embedding.t").mutable_grad() = at::_sparse_coo_tensor_unsafe(
          index.unsqueeze(0), values, {8, 4}, values.options().layout(at::kSparse), true);
      dense_optimizer.step(rate);
      sparse_optimizer.step(rate);
    }
    sparse_optimizer.settle();
    EXPECT_LT(difference(dense.at("embedding.t").detach(), sparse.at("embedding.t").detach()),
              1e-6);
    EXPECT_GT(difference(sparse.at("embedding.t").detach()[6], start[6]), 0.05);
    EXPECT_TRUE(at::equal(sparse.at("embedding.t").detach()[7], start[7]));
  }
}

TEST(ClippingTest, ScalesAllGradientsToTheLimit) {
  Parameters parameters({{"a", {3}, model::Initial::kZero}, {"b", {2, 2}, model::Initial::kZero}},
                        0);
  parameters.at("a").mutable_grad() = at::full({3}, 2.0);
  parameters.at("b").mutable_grad() = at::full({2, 2}, -1.0);
  EXPECT_NEAR(clip_gradients(parameters, 100), 4, 1e-6);
  EXPECT_NEAR(clip_gradients(parameters, 1), 4, 1e-6);
  EXPECT_NEAR(clip_gradients(parameters, 0), 1, 1e-6);
  EXPECT_NEAR(parameters.at("b").grad()[0][0].item<double>(), -0.25, 1e-6);
}

TEST(PresetTest, UnknownNameNamesTheNearest) {
  EXPECT_NO_THROW(preset("paper"));
  try {
    preset("papr");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("paper"), std::string::npos);
  }
}

}  // namespace
}  // namespace fastformer::learn
