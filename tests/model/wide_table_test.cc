// The wide branch's table: values of features, scores, mixing and its place in a model folder.
#include "model/wide_table.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "model/branch_fit.h"
#include "model/branch_mix.h"
#include "model/small_model.h"
#include "model/wide_pruning.h"

namespace fastformer::model {
namespace {

text::NgramOptions small_ngrams() {
  text::NgramOptions options;
  options.words = 2;
  options.word_bits = 10;
  options.character_bits = 8;
  return options;
}

WideTable small_table(std::size_t columns) {
  std::vector<std::uint32_t> buckets;
  std::vector<float> idf, spread, scales;
  Random random(3);
  for (std::uint32_t bucket = 0; bucket < small_ngrams().buckets(); bucket += 2) {
    buckets.push_back(bucket);
    idf.push_back(static_cast<float>(1 + random.uniform()));
    spread.push_back(static_cast<float>(random.uniform()));
    scales.push_back(0.01F);
  }
  std::vector<std::int8_t> weights(buckets.size() * columns);
  for (std::int8_t& weight : weights) {
    weight = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  }
  return {FeatureScaler(small_ngrams(), buckets, idf, spread), weights, scales,
          std::vector<float>(columns, 0.5F)};
}

ModelConfig wide_config(const WideTable& table) {
  ModelConfig config = small_config();
  config.wide.present = true;
  config.wide.ngrams = small_ngrams();
  config.wide.features = static_cast<std::int64_t>(table.scaler().features());
  config.wide.wide_factor = 2.5;
  config.wide.encoder_factor = 0.75;
  return config;
}

TEST(WideTableTest, ADocumentsValuesHaveLengthOne) {
  const WideTable table = small_table(3);
  text::NgramCounter counter(small_ngrams());
  std::vector<FeatureValue> values;
  table.scaler().values(counter.count("some words, and some other words"), values);
  ASSERT_GT(values.size(), 5u);
  double squares = 0;
  for (const FeatureValue& value : values) squares += value.value * value.value;
  EXPECT_NEAR(squares, 1, 1e-5);
}

TEST(WideTableTest, ScoresAreTheSumOverFeatures) {
  const WideTable table = small_table(3);
  text::NgramCounter counter(small_ngrams());
  std::vector<FeatureValue> values;
  const std::string text = "a text of a few words";
  table.scaler().values(counter.count(text), values);
  const std::vector<float> scores = WideReader(table).scores(text);
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0.5;
    for (const FeatureValue& value : values) {
      sum += value.value * 0.01 * table.weights()[value.feature * 3 + c];
    }
    EXPECT_NEAR(scores[c], sum, 1e-5);
  }
  EXPECT_EQ(WideReader(table).scores(""), std::vector<float>(3, 0.5F));
}

TEST(WideTableTest, TravelsInAModelFolder) {
  const WithoutSync without_sync;
  const TemporaryFolder place;
  const WideTable table = small_table(3);
  const auto tensors = random_tensors(small_config());
  ModelParts parts = small_parts(tensors);
  parts.config = wide_config(table);
  parts.wide = &table;
  io::make_directory(place.file("m"));
  write_model_folder(place.file("m"), parts);
  const ModelFolder folder = ModelFolder::open(place.file("m"));
  EXPECT_EQ(folder.config().wide.wide_factor, 2.5);
  EXPECT_EQ(folder.config().wide.encoder_factor, 0.75);
  ASSERT_TRUE(folder.wide());
  const std::string text = "the fast former";
  EXPECT_EQ(WideReader(*folder.wide()).scores(text), WideReader(table).scores(text));
}

TEST(WideTableTest, BucketsOutOfOrderOrRangeAreRefused) {
  const std::vector<float> two(2, 1.0F);
  EXPECT_ERROR(FeatureScaler(small_ngrams(), {5, 5}, two, two), "ascending order");
  EXPECT_ERROR(FeatureScaler(small_ngrams(), {5, 4}, two, two), "ascending order");
  EXPECT_ERROR(FeatureScaler(small_ngrams(), {5, small_ngrams().buckets()}, two, two),
               "ascending order");
  EXPECT_ERROR(FeatureScaler(small_ngrams(), {5}, two, two), "as many scales");
}

TEST(BranchMixTest, OneColumnServesTwoLabels) {
  WideConfig wide;
  wide.wide_factor = 2;
  wide.encoder_factor = 3;
  std::vector<float> logits = {1, 10};
  const std::vector<float> column = {0.5F};
  mix_branches(wide, column, logits);
  EXPECT_FLOAT_EQ(logits[0], 4);
  EXPECT_FLOAT_EQ(logits[1], 29);
}

// Logits of which `good` tells the label of three rows in four and `bad` nothing.
struct Rows {
  std::vector<float> good, bad;
  std::vector<std::int64_t> labels;

  Rows() {
    Random random(5);
    for (int i = 0; i < 400; ++i) {
      labels.push_back(static_cast<std::int64_t>(random.below(3)));
      const auto said =
          random.below(4) == 0 ? static_cast<std::int64_t>(random.below(3)) : labels.back();
      for (std::int64_t k = 0; k < 3; ++k) {
        good.push_back(static_cast<float>(k == said) + 0.1F * static_cast<float>(random.normal()));
        bad.push_back(static_cast<float>(random.normal()));
      }
    }
  }

  BranchFactors fit(const std::vector<float>& scores, const std::vector<float>& logits) const {
    std::vector<float> targets(scores.size(), 0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      targets[3 * i + static_cast<std::size_t>(labels[i])] = 1;
    }
    return fit_branches(scores, logits, targets, 3, metrics::TargetKind::kSingle);
  }

  double loss(double wide, double encoder) const {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      double total = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        total += std::exp(wide * good[3 * i + k] + encoder * bad[3 * i + k]);
      }
      const std::size_t at = 3 * i + static_cast<std::size_t>(labels[i]);
      sum += std::log(total) - wide * good[at] - encoder * bad[at];
    }
    return sum;
  }
};

TEST(BranchMixTest, NoiseGetsLittleAndNoOtherScaleIsBetter) {
  const Rows rows;
  const BranchFactors fitted = rows.fit(rows.good, rows.bad);
  EXPECT_GT(fitted.wide, 1);
  EXPECT_LT(encoder_share(rows.good, rows.bad, 3, fitted), 0.2);
  const double best = rows.loss(fitted.wide, fitted.encoder);
  for (const double scale : {0.9, 1.1}) {
    EXPECT_GT(rows.loss(scale * fitted.wide, scale * fitted.encoder), best);
  }
}

TEST(BranchMixTest, UnitsOfABranchDoNotMatter) {
  const Rows rows;
  std::vector<float> tenfold = rows.good;
  for (float& value : tenfold) value *= 10;
  const BranchFactors fitted = rows.fit(rows.good, rows.bad), other = rows.fit(tenfold, rows.bad);
  EXPECT_NEAR(other.wide, fitted.wide / 10, 1e-3 * fitted.wide);
  EXPECT_NEAR(other.encoder, fitted.encoder, 1e-3 * fitted.wide);
}

// A branch that ranks every document's label first but is sure of few, beside one that is wrong in
// one document of five and always as sure: cross entropy would lean on the second.
TEST(BranchMixTest, TheBranchThatIsRightCountsMost) {
  Rows rows;
  Random random(9);
  std::vector<float> right, steady;
  for (const std::int64_t label : rows.labels) {
    const auto sure = static_cast<float>(std::exp(2 * random.normal()));
    const std::int64_t said = random.below(5) == 0 ? (label + 1) % 3 : label;
    for (std::int32_t k = 0; k < 3; ++k) {
      right.push_back(k == label ? sure : 0);
      steady.push_back(k == said ? 1 : 0);
    }
  }
  EXPECT_LT(encoder_share(right, steady, 3, rows.fit(right, steady)), 0.3);
}

TEST(BranchMixTest, ABranchThatMisleadsGetsNothing) {
  const Rows rows;
  std::vector<float> wrong = rows.good;
  for (float& value : wrong) value = -value;
  const BranchFactors fitted = rows.fit(rows.bad, wrong);
  EXPECT_LT(fitted.encoder, 1e-6);
  const BranchFactors separable = rows.fit(rows.good, rows.good);
  EXPECT_TRUE(std::isfinite(separable.wide + separable.encoder));
}

// Labels that each come by themselves, as sigmoid(2 * good + bad - 1) says.
TEST(BranchMixTest, UnderSigmoidFactorsAndOffsetAreFound) {
  Random random(6);
  std::vector<float> good, bad, targets;
  for (int i = 0; i < 40000; ++i) {
    good.push_back(static_cast<float>(random.normal()));
    bad.push_back(static_cast<float>(random.normal()));
    const double logit = 2 * good.back() + bad.back() - 1;
    targets.push_back(random.uniform() < 1 / (1 + std::exp(-logit)) ? 1.0F : 0.0F);
  }
  const BranchFactors fitted = fit_branches(good, bad, targets, 4, metrics::TargetKind::kMulti);
  EXPECT_NEAR(fitted.wide, 2, 0.1);
  EXPECT_NEAR(fitted.encoder, 1, 0.1);
  EXPECT_NEAR(fitted.offset, -1, 0.1);
  for (float& value : bad) value = -value;
  const BranchFactors turned = fit_branches(good, bad, targets, 4, metrics::TargetKind::kMulti);
  EXPECT_EQ(turned.encoder, 0);
  EXPECT_GT(turned.wide, 1);
  WideConfig wide;
  wide.wide_factor = 2;
  wide.encoder_factor = 3;
  wide.offset = -5;
  std::vector<float> logits = {1, 10, 100};
  mix_branches(wide, std::vector<float>{1, 2, 3}, logits);
  EXPECT_EQ(logits, (std::vector<float>{0, 29, 301}));
}

TEST(WideTableTest, APrunedTableHasTheFeaturesThatMatterMost) {
  const WideTable table = small_table(3);
  const FeatureScaler& all = table.scaler();
  const auto importance = [&](std::size_t f) {
    double squares = 0;
    for (std::size_t c = 0; c < 3; ++c) squares += std::pow(table.weights()[3 * f + c], 2);
    return squares * std::exp(-all.idf()[f]);
  };
  for (const std::size_t most : {std::size_t{0}, std::size_t{1}, std::size_t{40}}) {
    const WideTable small = pruned(table, most);
    ASSERT_EQ(small.scaler().features(), most);
    double least = 1e9, left_out = 0;
    std::size_t kept = 0;
    for (std::size_t f = 0; f < all.features(); ++f) {
      if (kept == most || small.scaler().buckets()[kept] != all.buckets()[f]) {
        left_out = std::max(left_out, importance(f));
        continue;
      }
      least = std::min(least, importance(f));
      EXPECT_EQ(small.scaler().spread()[kept], all.spread()[f]);
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_EQ(small.weights()[3 * kept + c], table.weights()[3 * f + c]);
      }
      ++kept;
    }
    EXPECT_EQ(kept, most);
    EXPECT_GE(least, left_out);
  }
  EXPECT_EQ(pruned(table, all.features() + 1).weights(), table.weights());
}

}  // namespace
}  // namespace fastformer::model
