// The losses against plainly written ones, and what models of several labels learn.
#include "learn/tasks/label_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <string>

#include "gradient_check.h"
#include "learn/tasks/classification.h"
#include "learn/training/trainer.h"
#include "learn/wide/branch_report.h"
#include "learn/wide/wide_branch.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

using metrics::TargetKind;

data::Targets some_targets() {
  data::Targets targets;
  targets.add(std::vector<std::int32_t>{0, 2});
  targets.add({});
  targets.add_one(1);
  targets.add(std::vector<std::int32_t>{0, 1, 2});
  return targets;
}

at::Tensor some_logits(std::int64_t rows) {
  Random random(3);
  at::Tensor logits = at::empty({rows, 3}, at::kDouble);
  double* values = logits.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < logits.numel(); ++i) values[i] = 2 * random.normal();
  return logits.set_requires_grad(true);
}

TEST(LabelLossTest, OfSeveralLabelsItIsEachSigmoidsCost) {
  const data::Targets targets = some_targets();
  const std::vector<std::int64_t> documents = {3, 0, 1};
  const at::Tensor logits = some_logits(3);
  const std::vector<float> dense = targets.dense(3);
  double expected = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const double logit =
          logits[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)].item<double>();
      const double p = 1 / (1 + std::exp(-logit));
      const bool is_true = dense[static_cast<std::size_t>(documents[i]) * 3 + k] > 0;
      expected -= std::log(is_true ? p : 1 - p);
    }
  }
  const auto loss = [&] {
    return LabelLoss{TargetKind::kMulti, {}, 0}(logits, targets, documents);
  };
  EXPECT_NEAR(loss().item<double>(), expected / 3, 1e-9);
  check_gradient(logits, loss, "logits");
}

// A share of 1 is a label, weights and smoothing included.
TEST(LabelLossTest, CertainDistributionsCostWhatLabelsDo) {
  data::Targets hard, soft;
  for (const std::int32_t label : {2, 0, 1, 2}) {
    hard.add_one(label);
    soft.add(std::vector<std::int32_t>{0, 1, 2},
             std::vector<float>{float(label == 0), float(label == 1), float(label == 2)});
  }
  ASSERT_TRUE(soft.is_soft());
  const std::vector<std::int64_t> documents = {3, 0, 1, 2};
  const at::Tensor logits = some_logits(4);
  for (const double smoothing : {0.0, 0.1}) {
    for (const std::vector<float>& weights : {std::vector<float>{}, {0.5F, 3, 1}}) {
      const LabelLoss loss{TargetKind::kSingle, weights, smoothing};
      EXPECT_NEAR(loss(logits, soft, documents).item<double>(),
                  loss(logits, hard, documents).item<double>(), 1e-9);
    }
  }
}

data::Targets distributions() {
  data::Targets targets;
  targets.add(std::vector<std::int32_t>{0, 2}, std::vector<float>{0.25F, 0.75F});
  targets.add(std::vector<std::int32_t>{1}, std::vector<float>{1.0F});
  targets.add(std::vector<std::int32_t>{0, 1, 2}, std::vector<float>{0.5F, 0.25F, 0.25F});
  return targets;
}

TEST(LabelLossTest, OfADistributionItIsTheSharesOfEachLabelsCost) {
  const data::Targets targets = distributions();
  const std::vector<std::int64_t> documents = {2, 0};
  const at::Tensor logits = some_logits(2);
  for (const double smoothing : {0.0, 0.3}) {
    const LabelLoss label_loss = {TargetKind::kSingle, {}, smoothing};
    const std::vector<float> dense = targets.dense(3);
    const at::Tensor costs = -at::log_softmax(logits, 1);
    double expected = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t k = 0; k < 3; ++k) {
        const double share =
            (1 - smoothing) * dense[static_cast<std::size_t>(documents[i]) * 3 + k] + smoothing / 3;
        expected +=
            share *
            costs[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)].item<double>();
      }
    }
    const auto loss = [&] { return label_loss(logits, targets, documents); };
    EXPECT_NEAR(loss().item<double>(), expected / 2, 1e-7);
    check_gradient(logits, loss, "logits");
  }
}

TEST(LabelLossTest, WeightsCountDocumentsOfOneLabelAndPositivesOfSeveral) {
  data::Targets one;
  for (const std::int32_t label : {0, 2, 2}) one.add_one(label);
  const std::vector<std::int64_t> all = {0, 1, 2};
  const at::Tensor logits = some_logits(3);
  const at::Tensor costs = -at::log_softmax(logits, 1);
  const double expected =
      (4 * costs[0][0] + 0.5 * costs[1][2] + 0.5 * costs[2][2]).item<double>() / (4 + 0.5 + 0.5);
  const LabelLoss single = {TargetKind::kSingle, {4, 1, 0.5F}, 0};
  EXPECT_NEAR(single(logits, one, all).item<double>(), expected, 1e-9);

  const data::Targets several = some_targets();
  const std::vector<std::int64_t> first = {0};
  const at::Tensor row = some_logits(1);
  const at::Tensor yes = -at::log_sigmoid(row[0]), no = -at::log_sigmoid(-row[0]);
  const LabelLoss multi = {TargetKind::kMulti, {4, 8, 0.5F}, 0.2};
  const double wanted = (4 * 0.9 * yes[0] + 0.1 * no[0] + 8 * 0.1 * yes[1] + 0.9 * no[1] +
                         0.5 * 0.9 * yes[2] + 0.1 * no[2])
                            .item<double>();
  EXPECT_NEAR(multi(row, several, first).item<double>(), wanted, 1e-6);
}

TEST(LabelLossTest, BiasBeginsAtTheFrequencies) {
  Classifier classifier(small_config(), 1);
  start_from_frequencies(some_targets(), classifier.parameters());
  const at::Tensor bias = classifier.parameters().at("classifier.bias");
  EXPECT_NEAR(bias[0].item<double>(), 0, 1e-6);  // in two documents of four
  EXPECT_TRUE(bias.requires_grad());
  data::Targets rare;
  for (int i = 0; i < 999; ++i) rare.add({});
  rare.add_one(2);
  start_from_frequencies(rare, classifier.parameters());
  EXPECT_NEAR(classifier.parameters().at("classifier.bias")[2].item<double>(),
              std::log(1.5 / 999.5), 1e-5);
}

// A document has label k where it holds an id from 10 k on.
LabelledDocuments documents_of_several(int count, std::uint64_t seed) {
  LabelledDocuments documents;
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    std::vector<std::int32_t> ids, labels;
    for (std::int32_t label = 0; label < 3; ++label) {
      if (random.below(2) == 0) continue;
      labels.push_back(label);
      for (int n = 0; n < 3; ++n) {
        ids.push_back(10 * label + static_cast<std::int32_t>(random.below(10)));
      }
    }
    documents.ids.add(ids);
    documents.targets.add(labels);
  }
  return documents;
}

TEST(MultiLabelTrainingTest, LearnsWhatCanBeLearned) {
  model::ModelConfig config = small_config();
  config.target = TargetKind::kMulti;
  Classifier classifier(config, 11);
  data::BatchOptions batches;
  batches.batch_size = 8;
  LabelledDocuments train_rows = documents_of_several(300, 1);
  start_from_frequencies(train_rows.targets, classifier.parameters());
  ClassificationTask task(classifier, std::move(train_rows), documents_of_several(60, 2), batches,
                          11);
  TrainingOptions options;
  options.epochs = 4;
  options.learning_rate = 0.01;
  options.seed = 11;
  EXPECT_EQ(task.score_name(), "micro_f1");
  const TrainingResult result = train(task, options, {});
  EXPECT_GT(result.validation.score, 0.95);
}

TEST(MultiLabelWideTest, ScoresEachLabelByItsWords) {
  const char* words[] = {"red", "cat", "two"};
  std::deque<std::string> kept;
  WideRows train, valid;
  Random random(4);
  for (int i = 0; i < 240; ++i) {
    std::string text = "the " + std::to_string(i % 7);
    std::vector<std::int32_t> labels;
    for (std::int32_t k = 0; k < 3; ++k) {
      if (random.below(3) != 0) continue;
      labels.push_back(k);
      text += ' ';
      text += words[k];
    }
    WideRows& rows = i % 4 == 0 ? valid : train;
    rows.texts.push_back(kept.emplace_back(text));
    rows.targets.add(labels);
  }
  const WideLabels labels = {3, TargetKind::kMulti, {}};
  const WideBranchTraining wide(WideOptions(), train, valid, labels, 1, serial_for());
  HeldOut held_out = {wide.valid_scores(), std::vector<float>(valid.texts.size() * 3, 0.0F),
                      valid.targets.dense(3)};
  const BranchReport report = mix_branches(held_out, 3, TargetKind::kMulti);
  EXPECT_EQ(report.both.score, 1);
  EXPECT_EQ(score_logits(held_out.encoder, held_out.targets, 3, TargetKind::kMulti).score, 1);
  model::WideReader reader(wide.fitted_on_train());
  const std::vector<float> both = reader.scores("red two"), none = reader.scores("the");
  EXPECT_GT(both[0], 0);
  EXPECT_LT(both[1], 0);
  EXPECT_GT(both[2], 0);
  EXPECT_LT(std::max({none[0], none[1], none[2]}), 0);
}

TEST(SoftWideTest, TheLargestShareDecidesAndWeighs) {
  std::deque<std::string> kept;
  WideRows soft, hard;
  for (int i = 0; i < 40; ++i) {
    const std::string text = (i % 2 == 0 ? "red " : "cat ") + std::to_string(i % 5);
    const std::int32_t label = i % 2;
    soft.texts.push_back(kept.emplace_back(text));
    hard.texts.push_back(kept.back());
    soft.targets.add(std::vector<std::int32_t>{0, 1, 2},
                     label == 0 ? std::vector<float>{0.5F, 0.25F, 0.25F}
                                : std::vector<float>{0.25F, 0.5F, 0.25F});
    hard.targets.add_one(label);
  }
  const WideLabels labels = {3, TargetKind::kSingle, {}};
  WideOptions halved;
  halved.cost = 0.5;
  const WideBranchTraining shares(WideOptions(), soft, {}, labels, 1, serial_for());
  const WideBranchTraining half(halved, hard, {}, labels, 1, serial_for());
  EXPECT_EQ(shares.fitted_on_train().weights(), half.fitted_on_train().weights());
  EXPECT_EQ(shares.fitted_on_train().bias(), half.fitted_on_train().bias());
}

// Two labels of which any number is given need a column each.
TEST(MultiLabelWideTest, TwoLabelsHaveTwoColumns) {
  WideRows train;
  for (const char* text : {"red cat", "red", "cat", "the", "red cat", "red", "cat", "the"}) {
    train.texts.emplace_back(text);
    std::vector<std::int32_t> labels;
    if (train.texts.back().find("red") != std::string::npos) labels.push_back(0);
    if (train.texts.back().find("cat") != std::string::npos) labels.push_back(1);
    train.targets.add(labels);
  }
  const WideLabels labels = {2, TargetKind::kMulti, {}};
  const WideBranchTraining wide(WideOptions(), train, {}, labels, 1, serial_for());
  EXPECT_EQ(wide.fitted_on_train().columns(), 2U);
}

}  // namespace
}  // namespace fastformer::learn
