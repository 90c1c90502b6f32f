// Schedule, clipping and the training loop.
#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learn/tasks/classification.h"
#include "learn/training/optimizer.h"
#include "learn/training/presets.h"
#include "learn/training/schedule.h"
#include "learn/training/trainer.h"
#include "small_model.h"
#include "temporary_folder.h"

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
    documents.ids.add(ids);
    const bool wrong = random.uniform() < noise;
    documents.targets.add_one(
        static_cast<std::int32_t>(wrong ? static_cast<std::int64_t>(random.below(3)) : label));
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

// The first id's subwords are none, those of the others three rows of ten.
text::SubwordLists some_subwords() {
  text::SubwordLists lists;
  for (std::int64_t id = 0; id < small_config().vocabulary; ++id) {
    for (std::int64_t n = 0; n < 3 && id > 0; ++n) {
      lists.rows.push_back(static_cast<std::int32_t>((id * (n + 2)) % 10));
    }
    lists.offsets.push_back(static_cast<std::int64_t>(lists.rows.size()));
  }
  return lists;
}

// A small classifier that is trained on labelled documents, some of the validation labels wrong.
class Training {
 public:
  explicit Training(const TrainingOptions& options, double noise = 0, int valid = 60)
      : options_(options), classifier_(config(), seed()), valid_(labelled(valid, 2, noise)) {}

  const std::vector<at::Tensor>& run(const TrainingObserver& observer = {},
                                     const Continuation& continuation = {}) {
    data::BatchOptions batches;
    batches.batch_size = 8;
    std::optional<Subwords> subwords;
    if (options_.subwords > 0) {
      subwords.emplace(some_subwords(), options_.subwords, classifier_.parameters(), seed());
    }
    ClassificationTask task(classifier_, labelled(200, 1), valid_, batches, seed(), subwords);
    result_ = train(task, options_, observer, continuation);
    kept_ = classifier_.parameters().snapshot();
    return kept_;
  }

  Classifier& classifier() { return classifier_; }
  const TrainingResult& result() const { return result_; }
  // What the kept parameters score in a fresh classifier.
  Validation score_again() const {
    Classifier fresh(small_config(), 0);
    fresh.parameters().restore(kept_);
    return score_logits(classify(fresh, valid_.ids, {}), valid_.targets.dense(3), 3,
                        metrics::TargetKind::kSingle);
  }

 private:
  static model::ModelConfig config() {
    model::ModelConfig config = small_config();
    config.encoder.dropout = 0.1;
    return config;
  }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(options_.seed); }

  TrainingOptions options_;
  Classifier classifier_;
  LabelledDocuments valid_;
  TrainingResult result_;
  std::vector<at::Tensor> kept_;
};

// With everything on that training may do to the words and weights.
TrainingOptions all_options() {
  TrainingOptions options = quick_options();
  options.embedding_update = EmbeddingUpdate::kLazy;
  options.average = 0.9;
  options.dropout_mask = DropoutMask::kDocument;
  options.word_dropout = 0.2;
  options.subwords = 10;
  return options;
}

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return a.size() == b.size();
}

TEST(TrainerTest, LearnsWhatCanBeLearned) {
  for (const TrainingOptions& options : {quick_options(), all_options()}) {
    Training training(options);
    training.run();
    EXPECT_GT(training.result().validation.score, 0.95);
    EXPECT_EQ(training.result().epochs, 3);
  }
}

TEST(TrainerTest, ProductsInBFloat16LearnTheSameAndAreValidatedInFloat32) {
  TrainingOptions options = all_options();
  options.precision = Precision::kBFloat16;
  Training training(options), again(options), exact(all_options());
  EXPECT_TRUE(equal(training.run(), again.run()));
  EXPECT_FALSE(equal(training.run(), exact.run()));
  EXPECT_GT(training.result().validation.score, 0.95);
  EXPECT_EQ(training.score_again().score, training.result().validation.score);
  EXPECT_NEAR(training.score_again().loss, training.result().validation.loss, 1e-6);
}

TEST(TrainerTest, SameSeedSameBits) {
  for (TrainingOptions options : {quick_options(), all_options()}) {
    Training first(options), second(options);
    EXPECT_TRUE(equal(first.run(), second.run()));
    options.seed = 12;
    Training other(options);
    EXPECT_FALSE(equal(first.run(), other.run()));
  }
}

TEST(TrainerTest, KeepsTheBestEpochAndStopsEarly) {
  for (TrainingOptions options : {quick_options(), all_options()}) {
    options.epochs = 30;
    options.patience = 2;
    std::vector<double> scores;
    TrainingObserver observer;
    observer.on_epoch = [&](const EpochReport& report) {
      scores.push_back(report.validation.score);
    };
    Training training(options, 0.3);
    training.run(observer);
    const TrainingResult& result = training.result();
    ASSERT_LT(result.epochs, 30);
    EXPECT_EQ(result.epochs - result.best_epoch, 2);
    EXPECT_EQ(result.validation.score, *std::max_element(scores.begin(), scores.end()));
    // The kept parameters are those of the best epoch: they score the same again.
    EXPECT_EQ(training.score_again().score, result.validation.score);
    EXPECT_NEAR(training.score_again().loss, result.validation.loss, 1e-6);
  }
}

TEST(TrainerTest, NothingOfTheSubwordsStays) {
  Training training(all_options(), 0, 0);
  training.run();
  std::vector<std::string> names;
  for (const auto& spec : model::tensors_of(small_config())) names.push_back(spec.name);
  EXPECT_EQ(training.classifier().parameters().names(), names);
}

TEST(TrainerTest, TheAverageIsKeptAndDoesNotDisturbWhatIsTrained) {
  TrainingOptions options = quick_options();
  options.embedding_update = EmbeddingUpdate::kLazy;
  options.epochs = 2;
  std::vector<at::Tensor> plain, sum;
  for (const double decay : {0.0, 0.8}) {
    options.average = decay;
    for (const int valid : {0, 60}) {
      Training training(options, 0, valid);
      std::vector<at::Tensor> last;
      double weights = 0;
      sum.clear();
      TrainingObserver observer;
      observer.on_step = [&](const StepReport&) {
        last = training.classifier().parameters().snapshot();
        if (sum.empty()) {
          for (const at::Tensor& tensor : last) sum.push_back(at::zeros_like(tensor));
        }
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = decay * sum[i] + last[i];
        weights = decay * weights + 1;
      };
      const std::vector<at::Tensor>& kept = training.run(observer);
      if (plain.empty()) plain = last;
      EXPECT_TRUE(equal(plain, last));
      if (training.result().best_epoch != 2) continue;
      for (std::size_t i = 0; i < sum.size(); ++i) {
        EXPECT_LT(difference(sum[i] / weights, kept[i]), 1e-6);
      }
    }
  }
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

// Where the gradient is not finite, and with `and_loss` the loss neither.
class InfiniteGradientTask : public Task {
 public:
  explicit InfiniteGradientTask(bool and_loss) : and_loss_(and_loss) {}

  Parameters& parameters() override { return parameters_; }
  std::string score_name() const override { return "accuracy"; }
  std::int64_t begin_epoch(int) override { return 1; }
  BatchSize batch_size(std::int64_t) const override { return {1, 1}; }
  std::vector<UsedRows> used_rows(std::int64_t) const override { return {}; }
  at::Tensor loss(std::int64_t, const ForwardContext&) override {
    const at::Tensor sum = parameters_.at("zero").sqrt().sum();
    return and_loss_ ? sum.log() : sum;
  }
  bool has_validation() const override { return false; }
  Validation validate() override { return {}; }

 private:
  bool and_loss_;
  Parameters parameters_{{{"zero", {2}, model::Initial::kZero}}, 0};
};

TEST(TrainerTest, WhatIsNotFiniteIsAnErrorAlsoAtTheLastStepAndChangesNothing) {
  TrainingOptions options = quick_options();
  options.epochs = 1;
  for (const bool and_loss : {false, true}) {
    InfiniteGradientTask task(and_loss);
    const std::string named = and_loss ? "the loss" : "the norm of the gradients";
    try {
      train(task, options, {});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find(named), std::string("training: ").size())
          << error.what();
    }
    EXPECT_EQ(task.parameters().at("zero").sum().item<double>(), 0);
  }
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

TEST(ScheduleTest, FallsWithTheInverseRoot) {
  TrainingOptions options;
  options.learning_rate = 0.05 / std::sqrt(1000.0);
  options.warmup = 0.2;
  options.decay = Decay::kInverseRoot;
  // As the Long Range Arena writes it: base * min(1, n / warmup) / sqrt(max(n, warmup)).
  for (int n = 1; n <= 5000; ++n) {
    const double expected =
        0.05 * std::min(1.0, n / 1000.0) / std::sqrt(std::max<double>(n, 1000.0));
    ASSERT_NEAR(learning_rate_at(options, n - 1, 5000), expected, 1e-12) << n;
  }
  options.warmup = 0;
  EXPECT_EQ(learning_rate_at(options, 0, 100), options.learning_rate);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 3, 100), options.learning_rate / 2);
}

TEST(ClippingTest, ScalesAllGradientsToTheLimit) {
  Parameters parameters({{"a", {3}, model::Initial::kZero}, {"b", {2, 2}, model::Initial::kZero}},
                        0);
  parameters.at("a").mutable_grad() = at::full({3}, 2.0);
  parameters.at("b").mutable_grad() = at::full({2, 2}, -1.0);
  const auto clipped_to = [&](double limit) {
    clip_gradients(parameters, gradient_norm(parameters).item<double>(), limit);
    return gradient_norm(parameters).item<double>();
  };
  EXPECT_NEAR(clipped_to(100), 4, 1e-6);
  EXPECT_NEAR(clipped_to(0), 4, 1e-6);
  EXPECT_NEAR(clipped_to(1), 1, 1e-6);
  EXPECT_NEAR(parameters.at("b").grad()[0][0].item<double>(), -0.25, 1e-6);
}

TEST(ClippingTest, SparseGradientsCountAndAreScaledLikeDenseOnes) {
  Parameters parameters({{"a", {5, 2}, model::Initial::kZero}, {"b", {2}, model::Initial::kZero}},
                        0);
  EXPECT_EQ(gradient_norm(parameters).item<double>(), 0);
  parameters.at("a").mutable_grad() = sparse_rows({1, 4}, at::full({2, 2}, 2.0), 5);
  EXPECT_NEAR(gradient_norm(parameters).item<double>(), 4, 1e-6);
  parameters.at("b").mutable_grad() = at::full({2}, std::sqrt(4.5));
  EXPECT_NEAR(gradient_norm(parameters).item<double>(), 5, 1e-6);
  clip_gradients(parameters, 5, 1);
  EXPECT_NEAR(gradient_norm(parameters).item<double>(), 1, 1e-6);
  EXPECT_NEAR(parameters.at("a").grad().to_dense()[4][1].item<double>(), 0.4, 1e-6);
  parameters.at("a").mutable_grad() = sparse_rows({}, at::empty({0, 2}), 5);
  EXPECT_NEAR(gradient_norm(parameters).item<double>(), 0.6, 1e-6);
}

TEST(PresetTest, SmallIsTheDefaultWithASmallerEncoder) {
  const config::Json whole = preset("default"), small = preset("small");
  EXPECT_EQ(small["subwords"], whole["subwords"]);
  EXPECT_LT(small["width"], whole["width"]);
  EXPECT_EQ(small["feed_forward"], 0);
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

TEST(DivergenceTest, TheLastGoodModelIsKept) {
  for (const TrainingOptions& options : {quick_options(), all_options()}) {
    Training poisoned(options);
    std::vector<at::Tensor> good;
    TrainingObserver observer;
    observer.on_epoch = [&](const EpochReport& report) {
      if (report.best) good = poisoned.classifier().parameters().snapshot();
    };
    observer.on_step = [&](const StepReport& report) {
      if (report.step != 60) return;  // of the third epoch
      const at::NoGradGuard no_gradients;
      poisoned.classifier().parameters().at("classifier.bias").fill_(NAN);
    };
    const std::vector<at::Tensor>& kept = poisoned.run(observer);
    EXPECT_NE(poisoned.result().diverged.find("at step 61"), std::string::npos);
    ASSERT_EQ(kept.size(), good.size());
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(at::equal(kept[i], good[i])) << i;
  }
}

// Writes the state after the given steps, from 1, each into a file of its own.
class KeptSteps : public StateKeeper {
 public:
  KeptSteps(const TemporaryFolder& folder, std::vector<std::int64_t> steps)
      : folder_(folder), steps_(std::move(steps)) {}

  bool is_due(bool) override { return std::count(steps_.begin(), steps_.end(), ++step_) > 0; }
  void keep(const Checkpoint& state) override { state.write(file(step_)); }
  std::string file(std::int64_t step) const { return folder_.file(std::to_string(step)); }

 private:
  const TemporaryFolder& folder_;
  std::vector<std::int64_t> steps_;
  std::int64_t step_ = 0;
};

struct Kind {
  const char* name;
  TrainingOptions options;
};

constexpr int kEpochsToEndBefore = 60;

std::vector<Kind> kinds() {
  std::vector<Kind> kinds = {{"Plain", quick_options()}, {"All", all_options()}};
  Kind kind = {"DenseRowsAndAverage", quick_options()};
  kind.options.average = 0.9;
  kinds.push_back(kind);
  kind = {"BFloat16", all_options()};
  kind.options.precision = Precision::kBFloat16;
  kinds.push_back(kind);
  kind = {"PatienceAndDecay", quick_options()};
  kind.options.patience = 2;
  kind.options.weight_decay = 0.01;
  kind.options.optimizer = OptimizerKind::kAdamW;
  kind.options.decay = Decay::kCosine;
  kinds.push_back(kind);
  kind = {"EndsEarly", quick_options()};
  kind.options.patience = 2;
  kind.options.epochs = kEpochsToEndBefore;
  kinds.push_back(kind);
  return kinds;
}

class ContinuationTest : public testing::TestWithParam<Kind> {};

TEST_P(ContinuationTest, ARunGoesOnFromAnyStepToTheSameBits) {
  const TrainingOptions& options = GetParam().options;
  const TemporaryFolder folder;
  // 25 steps an epoch: the first and last ones of epochs, and some between.
  const std::vector<std::int64_t> steps = {1, 24, 25, 26, 40, 50, 51, 74, 75};
  KeptSteps keeper(folder, steps);
  Training whole(options, 0.3);
  const std::vector<at::Tensor> expected = whole.run({}, {&keeper, nullptr});
  EXPECT_LT(whole.result().epochs, kEpochsToEndBefore);
  for (const std::int64_t step : steps) {
    const Checkpoint state(keeper.file(step));
    Training again(options, 0.3);
    const std::vector<at::Tensor>& found = again.run({}, {nullptr, &state});
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_TRUE(at::equal(found[i], expected[i])) << "step " << step << ", tensor " << i;
    }
    EXPECT_EQ(again.result().best_epoch, whole.result().best_epoch);
    EXPECT_EQ(again.result().epochs, whole.result().epochs);
    EXPECT_EQ(again.result().tokens, whole.result().tokens);
    EXPECT_EQ(again.result().validation.loss, whole.result().validation.loss);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ContinuationTest, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST(ContinuationTest, StatesOfOtherRunsAreRefused) {
  const TemporaryFolder folder;
  KeptSteps keeper(folder, {30});
  Training(all_options()).run({}, {&keeper, nullptr});
  const Checkpoint state(keeper.file(30));
  const auto go_on = [&](TrainingOptions options) {
    Training again(options);
    again.run({}, {nullptr, &state});
  };
  TrainingOptions options = all_options();
  options.epochs = 1;
  EXPECT_THROW(go_on(options), Error);
  options = all_options();
  options.subwords = 0;  // has no such table, and a finished model of the same tensors
  EXPECT_NO_THROW(go_on(options));
  options.subwords = 20;
  EXPECT_THROW(go_on(options), Error);
  const auto damaged = [&](const std::string& name, auto value) {
    Checkpoint other;
    for (const char* number :
         {"epoch", "batch", "step", "documents", "best_epoch", "epochs", "tokens"}) {
      if (number != name) other.put(number, state.integer(number));
    }
    other.put(name, value);
    other.write(folder.file("damaged"));
    const Checkpoint read(folder.file("damaged"));
    Training again(all_options());
    again.run({}, {nullptr, &read});
  };
  for (const std::int64_t number : {std::int64_t{-1}, std::int64_t{3}, std::int64_t{1} << 60}) {
    EXPECT_THROW(damaged("epoch", number), Error);
    EXPECT_THROW(damaged("batch", number - 1), Error);
    EXPECT_THROW(damaged("step", number), Error);
  }
}

}  // namespace
}  // namespace fastformer::learn
