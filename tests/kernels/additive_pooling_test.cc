// Additive pooling against the scalar reference and finite differences, over all lengths.
#include "kernels/additive_pooling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "kernels/reference/classifier.h"
#include "kernels/reference/operations.h"
#include "random_values.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;

template <typename T>
struct Pooled {
  std::vector<T> weights, sums;
};

// Scores [tokens, heads], values [tokens, width] and the pooling of both.
template <typename T>
class Sample {
 public:
  Sample(std::vector<std::int64_t> offsets, std::int64_t heads, std::int64_t width,
         double epsilon = 0)
      : scores(normal_values<T>(offsets.back() * heads, 1)),
        values(normal_values<T>(offsets.back() * width, 2)),
        offsets_(std::move(offsets)),
        heads_(heads),
        width_(width),
        epsilon_(epsilon) {}

  AdditivePooling<T> input() const {
    return {
        offsets_, {scores.data(), tokens(), heads_}, {values.data(), tokens(), width_}, epsilon_};
  }
  Pooled<T> pool(const ParallelFor& threads = serial_for()) const {
    Pooled<T> result;
    result.weights.resize(scores.size());
    result.sums.assign(static_cast<std::size_t>(documents() * width_), T(-1));
    additive_pooling(input(), MatrixView<T>(result.weights.data(), tokens(), heads_),
                     MatrixView<T>(result.sums.data(), documents(), width_), threads);
    return result;
  }
  std::int64_t tokens() const { return offsets_.back(); }
  std::int64_t documents() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }

  std::vector<T> scores, values;

 private:
  std::vector<std::int64_t> offsets_;
  std::int64_t heads_, width_;
  double epsilon_;
};

template <typename T>
void compare_with_reference(std::int64_t heads, std::int64_t width, double tolerance) {
  const std::vector<std::int64_t> offsets = offsets_of_all_lengths(40);
  const Sample<T> sample(offsets, heads, width);
  const Pooled<T> pooled = sample.pool();
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    const std::int64_t length = offsets[b + 1] - offsets[b];
    const Matrix<T> scores(
        MatrixView<const T>(sample.scores.data() + offsets[b] * heads, length, heads));
    const Matrix<T> values(
        MatrixView<const T>(sample.values.data() + offsets[b] * width, length, width));
    const Matrix<T> weights = reference::softmax_over_tokens(scores);
    const std::vector<T> sums = reference::weighted_sum(weights, values);
    for (std::int64_t j = 0; j < width; ++j) {
      EXPECT_NEAR(pooled.sums[b * width + j], sums[j], tolerance) << length << " " << j;
    }
  }
}

TEST(AdditivePoolingTest, EqualsTheReferenceForAllLengths) {
  const std::vector<std::pair<int, int>> shapes = {{1, 1}, {1, 7}, {3, 6}, {4, 64}};
  for (const auto& [heads, width] : shapes) {
    compare_with_reference<double>(heads, width, 1e-13);
    compare_with_reference<float>(heads, width, 2e-6);
  }
}

TEST(AdditivePoolingTest, ThreadsDoNotMatter) {
  const Sample<float> sample(offsets_of_all_lengths(300), 2, 16, kPoolingEpsilon);
  ThreadPool pool(4);
  const Pooled<float> one = sample.pool(), four = sample.pool(pool.parallel_for());
  EXPECT_EQ(one.sums, four.sums);
  EXPECT_EQ(one.weights, four.weights);
}

// n tokens with the score s and values of 1: n e^s / (n e^s + epsilon), and the same from the
// reference, whose scores are a bias.
template <typename T>
void check_epsilon(double score, double tolerance) {
  constexpr int kTokens = 3;
  Sample<T> sample({0, kTokens}, 1, 2, kPoolingEpsilon);
  sample.scores.assign(kTokens, static_cast<T>(score));
  sample.values.assign(2 * kTokens, T(1));
  reference::PoolingWeights<T> weights;
  const Matrix<T> zeros(2, 2);
  const T bias = static_cast<T>(score);
  weights.hidden = {zeros.view(), zeros.row(0)};
  weights.score = {zeros.view().rows_between(0, 1), &bias};
  Matrix<T> ones(kTokens, 2);
  for (T& element : ones.elements()) element = 1;
  const double raised = kTokens * std::exp(static_cast<double>(static_cast<T>(score)));
  const double expected = raised / (raised + kPoolingEpsilon);
  EXPECT_NEAR(sample.pool().sums[0], expected, tolerance * expected + 1e-38) << score;
  EXPECT_NEAR(reference::pool(weights, ones)[0], expected, tolerance * expected + 1e-38) << score;
}

TEST(AdditivePoolingTest, EpsilonCountsAsWithUnshiftedExponentials) {
  for (int score = 20; score >= -105; --score) {
    check_epsilon<double>(score, 1e-12);
    check_epsilon<float>(score, 1e-5);
  }
  for (double score : {-1e4, -1e30}) {
    check_epsilon<double>(score, 0);
    check_epsilon<float>(score, 0);
  }
}

TEST(AdditivePoolingTest, GradientsEqualFiniteDifferences) {
  constexpr std::int64_t kHeads = 2, kWidth = 6;
  const std::vector<std::int64_t> offsets = {0, 1, 1, 6, 9};
  Sample<double> sample(offsets, kHeads, kWidth, 0.3);
  const std::vector<double> upstream = normal_values<double>(4 * kWidth, 3);
  const auto loss = [&] {
    const std::vector<double> sums = sample.pool().sums;
    double sum = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) sum += sums[i] * upstream[i];
    return sum;
  };
  std::vector<double> scores_gradient(sample.scores.size()), values_gradient(sample.values.size());
  const Pooled<double> pooled = sample.pool();
  additive_pooling_backward(sample.input(),
                            MatrixView<const double>(pooled.weights.data(), 9, kHeads),
                            MatrixView<const double>(upstream.data(), 4, kWidth),
                            MatrixView<double>(scores_gradient.data(), 9, kHeads),
                            MatrixView<double>(values_gradient.data(), 9, kWidth), serial_for());
  const auto check = [&](std::vector<double>& inputs, const std::vector<double>& gradient) {
    constexpr double kStep = 1e-5;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double kept = inputs[i];
      inputs[i] = kept + kStep;
      const double above = loss();
      inputs[i] = kept - kStep;
      const double below = loss();
      inputs[i] = kept;
      EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-8) << i;
    }
  };
  check(sample.scores, scores_gradient);
  check(sample.values, values_gradient);
}

}  // namespace
}  // namespace fastformer::kernels
