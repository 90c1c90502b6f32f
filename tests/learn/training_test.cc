// Schedule, clipping and the training loop.
#include <fastformer/error.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

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

  const std::vector<at::Tensor>& run(const TrainingObserver& observer = {}) {
    data::BatchOptions batches;
    batches.batch_size = 8;
    std::optional<Subwords> subwords;
    if (options_.subwords > 0) {
      subwords.emplace(some_subwords(), options_.subwords, classifier_.parameters(), seed());
    }
    ClassificationTask task(classifier_, labelled(200, 1), valid_, batches, seed(), subwords);
    result_ = train(task, options_, observer);
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
