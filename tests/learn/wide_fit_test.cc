// The wide branch's solver and fit.
#include "learn/wide/wide_fit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <thread>

#include "base/random.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "learn/wide/linear_solver.h"
#include "learn/wide/wide_features.h"
#include "temporary_folder.h"

namespace fastformer::learn {
namespace {

void add(model::FeatureValue value, SparseRows& rows) {
  rows.values.append(std::span<const model::FeatureValue>(&value, 1));
}

SparseRows copy_of(const SparseRows& rows, const io::SpillPlace& place = {}) {
  SparseRows copy(place);
  copy.values.append(rows.values.slice(0, rows.values.size()));
  copy.offsets = rows.offsets;
  copy.features = rows.features;
  return copy;
}

SparseRows random_rows(std::size_t count, std::size_t features) {
  SparseRows rows;
  rows.features = features;
  Random random(11);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint32_t f = 0; f < features; ++f) {
      if (random.below(3) == 0) add({f, static_cast<float>(random.normal())}, rows);
    }
    rows.offsets.push_back(rows.values.size());
  }
  return rows;
}

std::vector<std::vector<std::int32_t>> random_labels(std::size_t count, std::size_t columns) {
  std::vector<std::vector<std::int32_t>> labels(count);
  Random random(12);
  for (auto& row : labels) row.push_back(static_cast<std::int32_t>(random.below(columns)));
  return labels;
}

double objective(const SparseRows& rows, const std::vector<std::vector<std::int32_t>>& labels,
                 const LinearModel& model, std::size_t column, double cost) {
  const std::size_t columns = model.bias.size();
  double value = 0.5 * model.bias[column] * model.bias[column];
  for (std::size_t f = 0; f < rows.features; ++f) {
    const double weight = model.weights[f * columns + column];
    value += 0.5 * weight * weight;
  }
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double score = model.bias[column];
    for (const model::FeatureValue& x : rows.row(i)) {
      score += static_cast<double>(x.value) * model.weights[x.feature * columns + column];
    }
    const double sign = labels[i][0] == static_cast<std::int32_t>(column) ? 1 : -1;
    const double lack = std::max(0.0, 1 - sign * score);
    value += cost * lack * lack;
  }
  return value;
}

TEST(LinearSolverTest, NoStepFromTheSolutionIsBetter) {
  const SparseRows rows = random_rows(80, 12);
  for (const std::size_t columns : {1, 3, 20}) {
    const auto labels = random_labels(80, std::max<std::size_t>(columns, 2));
    SolverOptions options;
    options.tolerance = 1e-4;
    options.passes = 5000;
    LinearModel solved = solve_squared_hinge(rows, labels, columns, {}, options, serial_for());
    for (std::size_t c = 0; c < columns; ++c) {
      const double best = objective(rows, labels, solved, c, options.cost);
      for (std::size_t f = 0; f < rows.features; ++f) {
        for (const float step : {-0.02F, 0.02F}) {
          solved.weights[f * columns + c] += step;
          EXPECT_GT(objective(rows, labels, solved, c, options.cost), best - 1e-6);
          solved.weights[f * columns + c] -= step;
        }
      }
    }
  }
}

TEST(LinearSolverTest, BlocksOfRowsEndInTheSameSolution) {
  const SparseRows rows = random_rows(80, 12);
  const auto labels = random_labels(80, 3);
  SolverOptions options;
  options.tolerance = 1e-5;
  options.passes = 5000;
  const LinearModel whole = solve_squared_hinge(rows, labels, 3, {}, options, serial_for());
  const TemporaryFolder folder;
  SparseRows in_file = copy_of(rows, {folder.path(), 0});
  ThreadPool pool(3);
  for (const std::size_t values : {1, 50, 1000}) {
    options.block_values = values;
    const LinearModel parted = solve_squared_hinge(rows, labels, 3, {}, options, serial_for());
    const LinearModel read =
        solve_squared_hinge(in_file, labels, 3, {}, options, pool.parallel_for());
    EXPECT_EQ(read.weights, parted.weights);
    for (std::size_t i = 0; i < whole.weights.size(); ++i) {
      EXPECT_NEAR(parted.weights[i], whole.weights[i], 1e-3) << values;
    }
  }
}

TEST(LinearSolverTest, AWeightOfTwoIsTheRowTwice) {
  const SparseRows rows = random_rows(40, 6);
  const auto labels = random_labels(40, 2);
  SparseRows doubled = copy_of(rows);
  auto more_labels = labels;
  for (const model::FeatureValue& x : rows.row(0)) add(x, doubled);
  doubled.offsets.push_back(doubled.values.size());
  more_labels.push_back(labels[0]);
  std::vector<float> weights(40, 1);
  weights[0] = 2;
  SolverOptions options;
  options.tolerance = 1e-5;
  options.passes = 5000;
  const LinearModel a = solve_squared_hinge(rows, labels, 2, weights, options, serial_for());
  const LinearModel b = solve_squared_hinge(doubled, more_labels, 2, {}, options, serial_for());
  for (std::size_t i = 0; i < a.weights.size(); ++i) EXPECT_NEAR(a.weights[i], b.weights[i], 1e-3);
}

TEST(LinearSolverTest, APositiveWeightOfTwoIsEveryPositiveRowTwice) {
  const SparseRows rows = random_rows(40, 6);
  const auto labels = random_labels(40, 2);
  SparseRows doubled = copy_of(rows);
  auto more_labels = labels;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (labels[i][0] != 0) continue;
    for (const model::FeatureValue& x : rows.row(i)) add(x, doubled);
    doubled.offsets.push_back(doubled.values.size());
    more_labels.push_back(labels[i]);
  }
  SolverOptions options;
  options.tolerance = 1e-5;
  options.passes = 5000;
  const LinearModel twice = solve_squared_hinge(doubled, more_labels, 1, {}, options, serial_for());
  options.positive_weights = {2};
  const LinearModel weighted = solve_squared_hinge(rows, labels, 1, {}, options, serial_for());
  options.positive_weights = {1};
  options.negative_weights = {0.5F};
  options.cost = 2;
  const LinearModel halved = solve_squared_hinge(rows, labels, 1, {}, options, serial_for());
  for (std::size_t i = 0; i < twice.weights.size(); ++i) {
    EXPECT_NEAR(weighted.weights[i], twice.weights[i], 1e-3);
    EXPECT_NEAR(halved.weights[i], twice.weights[i], 1e-3);
  }
}

TEST(LinearSolverTest, ASignalEndsItBetweenBlocks) {
  const auto run = [] {
    const StopSignals signals;
    ThreadPool pool(3);
    SolverOptions options;
    options.tolerance = -1;  // never reached
    options.passes = std::numeric_limits<int>::max();
    options.block_values = 10;
    std::thread later([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      std::raise(SIGTERM);
    });
    later.detach();
    try {
      solve_squared_hinge(random_rows(40, 6), random_labels(40, 40), 40, {}, options,
                          pool.parallel_for());
    } catch (const Stopped& stopped) {
      std::_Exit(stopped.exit_code());
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(128 + SIGTERM), "");
}

// Documents whose label is said by one of their words.
struct Corpus {
  std::vector<std::string> texts;
  std::vector<std::vector<std::int32_t>> labels;

  explicit Corpus(std::size_t count) {
    Random random(21);
    for (std::size_t i = 0; i < count; ++i) {
      const auto label = static_cast<std::int32_t>(random.below(3));
      std::string text = "topic" + std::to_string(label);
      for (int w = 0; w < 8; ++w) text += " word" + std::to_string(random.below(40));
      texts.push_back(text);
      labels.push_back({label});
    }
  }
};

DocumentNgrams counted(const std::vector<std::string>& texts, const WideFitOptions& options,
                       const ParallelFor& parallel_for) {
  DocumentNgrams ngrams(options.spill);
  count_ngrams(options.ngrams, views_of(texts), parallel_for, ngrams);
  return ngrams;
}

WideExamples examples_of(const Corpus& corpus, const DocumentNgrams& ngrams) {
  WideExamples examples;
  examples.ngrams = &ngrams;
  examples.label_count = 3;
  examples.labels = corpus.labels;
  for (std::size_t i = 0; i < corpus.texts.size(); ++i) {
    examples.documents.push_back(static_cast<std::int64_t>(i));
  }
  return examples;
}

TEST(WideFitTest, LearnsTheWordsThatTell) {
  const Corpus corpus(120);
  const WideFitOptions options;
  const DocumentNgrams ngrams = counted(corpus.texts, options, serial_for());
  const model::WideTable table = fit_wide(examples_of(corpus, ngrams), options, serial_for());
  model::WideReader reader(table);
  for (std::size_t label = 0; label < 3; ++label) {
    const std::vector<float> scores = reader.scores("word1 topic" + std::to_string(label));
    EXPECT_EQ(std::max_element(scores.begin(), scores.end()) - scores.begin(),
              static_cast<std::ptrdiff_t>(label));
  }
}

TEST(WideFitTest, ThreadsDoNotChangeTheTable) {
  const Corpus corpus(200);
  const WideFitOptions options;
  ThreadPool pool(3);
  const DocumentNgrams serial = counted(corpus.texts, options, serial_for());
  const DocumentNgrams parallel = counted(corpus.texts, options, pool.parallel_for());
  const model::WideTable a = fit_wide(examples_of(corpus, serial), options, serial_for());
  const model::WideTable b = fit_wide(examples_of(corpus, parallel), options, pool.parallel_for());
  EXPECT_TRUE(a.weights() == b.weights());
  EXPECT_TRUE(a.weight_scales() == b.weight_scales());
  EXPECT_TRUE(a.scaler().spread() == b.scaler().spread());
  EXPECT_EQ(a.bias(), b.bias());
}

TEST(WideFitTest, SweepsDoNotChangeTheScales) {
  const Corpus corpus(200);
  const WideFitOptions options;
  const DocumentNgrams ngrams = counted(corpus.texts, options, serial_for());
  const WideExamples examples = examples_of(corpus, ngrams);
  const WideFeatures features = frequent_features(examples, options);
  ThreadPool pool(3);
  const auto spreads = [&](const ParallelFor& threads, std::size_t counts) {
    const model::FeatureScaler scaler =
        scaler_of(examples, options.ngrams, features, threads, counts);
    std::vector<float> values(scaler.features());
    for (std::size_t f = 0; f < values.size(); ++f) values[f] = scaler.spread()[f];
    return values;
  };
  const std::vector<float> expected = spreads(serial_for(), 1 << 20);
  for (const std::size_t counts : {1, 30, 200}) {
    EXPECT_EQ(spreads(pool.parallel_for(), counts), expected) << counts;
  }
}

TEST(WideFitTest, ASmallTableKeepsWhatTells) {
  const Corpus corpus(200);
  WideFitOptions options;
  options.max_bytes = 40 * 19;  // 40 features of 16 bytes and three weights
  const DocumentNgrams ngrams = counted(corpus.texts, options, serial_for());
  const model::WideTable table = fit_wide(examples_of(corpus, ngrams), options, serial_for());
  EXPECT_EQ(table.scaler().features(), 40u);
  const std::vector<float> scores = model::WideReader(table).scores("topic2");
  EXPECT_EQ(std::max_element(scores.begin(), scores.end()) - scores.begin(), 2);
}

TEST(WideFitTest, TwoLabelsShareAColumn) {
  const std::vector<std::string> texts = {"good film", "bad film", "good day", "bad day"};
  WideFitOptions options;
  options.min_documents = 1;
  const DocumentNgrams ngrams = counted(texts, options, serial_for());
  WideExamples examples;
  examples.ngrams = &ngrams;
  examples.documents = {0, 1, 2, 3};
  examples.labels = {{0}, {1}, {0}, {1}};
  examples.label_count = 2;
  const model::WideTable table = fit_wide(examples, options, serial_for());
  ASSERT_EQ(table.columns(), 1u);
  EXPECT_GT(model::WideReader(table).scores("good")[0], 0);
  EXPECT_LT(model::WideReader(table).scores("bad")[0], 0);
}

}  // namespace
}  // namespace fastformer::learn
