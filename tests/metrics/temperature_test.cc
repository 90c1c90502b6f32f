// The fitted temperature against a search, and at the edges.
#include "metrics/temperature.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "temporary_folder.h"

namespace fastformer::metrics {
namespace {

struct Sample {
  std::vector<float> logits;
  std::vector<std::int64_t> labels;
  std::int64_t classes = 0;

  MatrixView<const float> view() const {
    return {logits.data(), static_cast<std::int64_t>(labels.size()), classes};
  }
};

MatrixView<const float> view_of(const std::vector<float>& values, const Sample& sample) {
  return {values.data(), sample.view().rows, sample.classes};
}

std::vector<float> targets_of(const Sample& sample) {
  std::vector<float> targets(sample.logits.size(), 0);
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i) * sample.classes + sample.labels[i];
    if (sample.labels[i] >= 0) targets[static_cast<std::size_t>(at)] = 1;
  }
  return targets;
}

double fitted_to(const Sample& sample) {
  const std::vector<float> targets = targets_of(sample);
  return fit_temperature(sample.view(), view_of(targets, sample), TargetKind::kSingle);
}

double cost_of(const Sample& sample, double temperature) {
  const std::vector<float> targets = targets_of(sample);
  return cross_entropy(sample.view(), view_of(targets, sample), TargetKind::kSingle, temperature);
}

// Labels drawn from softmax(logits / temperature): a model that is too sure by that factor.
Sample draw(std::uint64_t seed, int rows, int classes, double temperature) {
  Random random(seed);
  Sample sample;
  sample.classes = classes;
  for (int i = 0; i < rows; ++i) {
    std::vector<double> weights;
    double sum = 0;
    for (int c = 0; c < classes; ++c) {
      const auto logit = static_cast<float>(2 * temperature * random.normal());
      sample.logits.push_back(logit);
      weights.push_back(std::exp(logit / temperature));
      sum += weights.back();
    }
    double at = random.uniform() * sum;
    int label = 0;
    while (label + 1 < classes && (at -= weights[static_cast<std::size_t>(label)]) > 0) ++label;
    sample.labels.push_back(label);
  }
  return sample;
}

double naive_cross_entropy(const Sample& sample, double temperature, bool of_every_label) {
  double sum = 0, rows = 0;
  for (std::int64_t i = 0; i < sample.view().rows; ++i) {
    if (sample.labels[static_cast<std::size_t>(i)] < 0) continue;
    double total = 0;
    for (std::int64_t c = 0; c < sample.classes; ++c) {
      total += std::exp(sample.view()(i, c) / temperature);
    }
    for (std::int64_t c = 0; c < sample.classes; ++c) {
      const double cost = std::log(total) - sample.view()(i, c) / temperature;
      if (of_every_label) sum += cost / static_cast<double>(sample.classes);
      if (!of_every_label && c == sample.labels[static_cast<std::size_t>(i)]) sum += cost;
    }
    ++rows;
  }
  return sum / rows;
}

// What the fit is documented to minimise, times the number of rows and one.
double objective(const Sample& sample, double temperature) {
  const auto rows = static_cast<double>(
      std::count_if(sample.labels.begin(), sample.labels.end(), [](auto l) { return l >= 0; }));
  return rows * naive_cross_entropy(sample, temperature, false) +
         naive_cross_entropy(sample, temperature, true);
}

TEST(TemperatureTest, NothingNearbyIsBetter) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Sample sample = draw(seed, 5 + static_cast<int>(seed) * 7, 2 + seed % 5, 0.5 + seed % 4);
    const double fitted = fitted_to(sample);
    const double best = objective(sample, fitted);
    for (double factor = 0.05; factor < 20; factor *= 1.2) {
      EXPECT_GE(objective(sample, fitted * factor), best - 1e-9) << seed << " " << factor;
    }
    // At the minimum itself, to the square root of the sum's precision.
    EXPECT_GT(objective(sample, fitted * 1.01), best) << seed;
    EXPECT_GT(objective(sample, fitted / 1.01), best) << seed;
  }
}

TEST(TemperatureTest, FindsTheOneThatTheLabelsWereDrawnWith) {
  for (const double temperature : {0.3, 1.0, 2.5, 10.0}) {
    const Sample sample = draw(7, 20000, 4, temperature);
    EXPECT_NEAR(fitted_to(sample) / temperature, 1, 0.04);
  }
}

TEST(TemperatureTest, ScaledLogitsScaleTheTemperature) {
  Sample sample = draw(8, 300, 3, 1);
  const double fitted = fitted_to(sample);
  for (float& logit : sample.logits) logit *= 8;
  EXPECT_NEAR(fitted_to(sample), 8 * fitted, 1e-9 * fitted);
}

TEST(TemperatureTest, CertaintyGrowsWithTheRowsThatAreAllRight) {
  double last = 0;
  for (const int rows : {1, 4, 20, 100, 1000}) {
    Sample sample;
    sample.classes = 3;
    for (int i = 0; i < rows; ++i) {
      sample.labels.push_back(i % 3);
      for (int c = 0; c < 3; ++c) sample.logits.push_back(c == i % 3 ? 5.0f : 0.0f);
    }
    const double fitted = fitted_to(sample);
    const double sure = 1 / (1 + 2 * std::exp(-5 / fitted));
    EXPECT_GT(sure, last);
    EXPECT_NEAR(sure, (rows + 1.0 / 3) / (rows + 1), 1e-9);  // the added row's third is right
    last = sure;
  }
}

TEST(TemperatureTest, StaysInItsRange) {
  Sample wrong = draw(9, 50, 3, 1);  // every label is the least likely class
  for (std::int64_t i = 0; i < 50; ++i) {
    const float* row = wrong.view().row(i);
    wrong.labels[static_cast<std::size_t>(i)] = std::min_element(row, row + 3) - row;
  }
  EXPECT_EQ(fitted_to(wrong), kHighestTemperature);
  Sample faint = draw(10, 50, 3, 1);
  for (float& logit : faint.logits) logit *= 1e-6f;
  EXPECT_EQ(fitted_to(faint), kLowestTemperature);
  Sample huge = draw(11, 50, 3, 1);
  for (float& logit : huge.logits) logit *= 1e30f;
  EXPECT_EQ(fitted_to(huge), kHighestTemperature);
}

TEST(TemperatureTest, RowsWithoutALabelDoNotCount) {
  const Sample sample = draw(12, 200, 3, 2);
  Sample more = sample;
  for (int i = 0; i < 100; ++i) {
    more.labels.push_back(-1);
    for (const float logit : {100.0f, -7.0f, 3.0f}) more.logits.push_back(logit);
  }
  EXPECT_EQ(fitted_to(more), fitted_to(sample));
  EXPECT_EQ(cost_of(more, 3), cost_of(sample, 3));
}

TEST(TemperatureTest, IsOneWhereNothingCanBeLearned) {
  EXPECT_EQ(fitted_to({{}, {}, 3}), 1);
  EXPECT_EQ(fitted_to({{2, 2, 2, 1, 0, 0}, {1, -1}, 3}), 1);
  EXPECT_EQ(fitted_to({{2, 2, 2, 1, 0, 0}, {0, 0, 0, 0, 0, 0}, 1}), 1);
}

TEST(TemperatureTest, CrossEntropyAgreesWithTheFormula) {
  for (const double temperature : {0.2, 1.0, 3.0}) {
    const Sample sample = draw(13, 60, 5, 1);
    EXPECT_NEAR(cost_of(sample, temperature), naive_cross_entropy(sample, temperature, false),
                1e-9);
  }
  EXPECT_EQ(cost_of({{1e30F, -1e30F}, {0}, 2}, 1), 0);
}

TEST(TemperatureTest, TheMeanOfTheRowsIsTheWhole) {
  Sample sample = draw(16, 60, 4, 1);
  sample.labels[7] = -1;
  const std::vector<float> targets = targets_of(sample);
  for (const TargetKind kind : {TargetKind::kSingle, TargetKind::kMulti}) {
    const MatrixView<const float> wanted = view_of(targets, sample);
    const std::vector<double> rows = cross_entropies(sample.view(), wanted, kind);
    EXPECT_EQ(rows.size(), kind == TargetKind::kSingle ? 59U : 60U);
    const double sum = std::accumulate(rows.begin(), rows.end(), 0.0);
    EXPECT_NEAR(sum / static_cast<double>(rows.size()), cross_entropy(sample.view(), wanted, kind),
                1e-12);
  }
}

TEST(TemperatureTest, AShareOfALabelIsThatShareOfItsCost) {
  const Sample sample = draw(14, 30, 3, 1);
  std::vector<float> mixed(sample.logits.size(), 0);
  double expected = 0;
  for (std::int64_t label = 0; label < 3; ++label) {
    Sample all = sample;
    for (std::int64_t& own : all.labels) own = label;
    const float share = label == 0 ? 0.5F : 0.25F;
    const std::vector<float> targets = targets_of(all);
    for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] += share * targets[i];
    expected += share * cost_of(all, 2);
  }
  EXPECT_NEAR(cross_entropy(sample.view(), view_of(mixed, sample), TargetKind::kSingle, 2),
              expected, 1e-9);
}

// Two classes of softmax are one label of sigmoid whose logit is their difference.
TEST(TemperatureTest, ASigmoidIsASoftmaxOfTwo) {
  const Sample two = draw(15, 200, 2, 3);
  std::vector<float> logits, targets;
  for (std::size_t i = 0; i < two.labels.size(); ++i) {
    logits.push_back(two.logits[2 * i] - two.logits[2 * i + 1]);
    targets.push_back(two.labels[i] == 0 ? 1 : 0);
  }
  const MatrixView<const float> view(logits.data(), 200, 1), wanted(targets.data(), 200, 1);
  EXPECT_NEAR(cross_entropy(view, wanted, TargetKind::kMulti, 1.7), cost_of(two, 1.7), 1e-6);
  EXPECT_NEAR(fit_temperature(view, wanted, TargetKind::kMulti), fitted_to(two), 1e-5);
}

TEST(TemperatureTest, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(fitted_to({{1, std::numeric_limits<float>::infinity()}, {0}, 2}), "finite");
  const std::vector<float> values = {1, 2};
  const MatrixView<const float> one(values.data(), 1, 1), both(values.data(), 1, 2);
  EXPECT_ERROR(fit_temperature(both, one, TargetKind::kSingle), "as many");
  EXPECT_ERROR(fit_temperature(both, both, TargetKind::kSingle), "0 to 1");
}

}  // namespace
}  // namespace fastformer::metrics
