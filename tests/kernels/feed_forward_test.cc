// The feed-forward part and its gradients against plain loops in 64 bits.
#include "kernels/feed_forward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/matrix_checks.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;
using reference::random_matrix;

constexpr std::int64_t kWidth = 32, kUnits = 96;

double distribution(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0)); }

// Whether products are of bfloat16 numbers.
class FeedForwardTest : public testing::TestWithParam<bool> {
 protected:
  const Matrix<float> inner_ = random_matrix<float>(kUnits, kWidth, 1),
                      outer_ = random_matrix<float>(kWidth, kUnits, 2),
                      biases_ = random_matrix<float>(2, kUnits, 3);

  FeedForward map() const {
    return {inner_.view(), outer_.view(), biases_.view().row(0), biases_.view().row(1), GetParam()};
  }

  struct Results {
    Matrix<float> y, rows, inner, outer, inner_bias, outer_bias;
  };

  Results run(const Matrix<float>& x, const Matrix<float>& upstream, std::int64_t parts,
              const ParallelFor& parallel_for) const {
    Results found{Matrix<float>(x.rows(), kWidth), Matrix<float>(x.rows(), kWidth),
                  Matrix<float>(kUnits, kWidth),   Matrix<float>(kWidth, kUnits),
                  Matrix<float>(1, kUnits),        Matrix<float>(1, kWidth)};
    Matrix<float> units(x.rows(), kUnits);
    feed_forward(map(), x.view(), changed(units), changed(found.y), parallel_for);
    feed_forward_backward(map(), x.view(), units.view(), upstream.view(),
                          {changed(found.rows), changed(found.inner), changed(found.outer),
                           found.inner_bias.elements().data(), found.outer_bias.elements().data()},
                          parts, parallel_for);
    return found;
  }

  // bfloat16 has 8 bits, and both factors are rounded.
  double share() const { return GetParam() ? 0.03 : 1e-5; }
};

TEST_P(FeedForwardTest, EqualsPlainLoops) {
  for (const std::int64_t rows : {1, 96, 97, 250}) {
    const Matrix<float> x = random_matrix<float>(rows, kWidth, 4),
                        upstream = random_matrix<float>(rows, kWidth, 5);
    Matrix<double> y(rows, kWidth), of_x(rows, kWidth), inner(kUnits, kWidth),
        outer(kWidth, kUnits), inner_bias(1, kUnits), outer_bias(1, kWidth);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t o = 0; o < kWidth; ++o) y(i, o) = biases_(1, o);
      for (std::int64_t o = 0; o < kWidth; ++o) outer_bias(0, o) += upstream(i, o);
      for (std::int64_t u = 0; u < kUnits; ++u) {
        double z = biases_(0, u), gradient = 0;
        for (std::int64_t k = 0; k < kWidth; ++k) z += double{inner_(u, k)} * x(i, k);
        for (std::int64_t o = 0; o < kWidth; ++o) {
          y(i, o) += outer_(o, u) * z * distribution(z);
          gradient += double{outer_(o, u)} * upstream(i, o);
          outer(o, u) += upstream(i, o) * z * distribution(z);
        }
        gradient *= distribution(z) + z * density(z);
        inner_bias(0, u) += gradient;
        for (std::int64_t k = 0; k < kWidth; ++k) {
          inner(u, k) += gradient * x(i, k);
          of_x(i, k) += gradient * inner_(u, k);
        }
      }
    }
    const Results found = run(x, upstream, 2, serial_for());
    expect_near(found.y, y, share());
    expect_near(found.rows, of_x, share());
    expect_near(found.inner, inner, share());
    expect_near(found.outer, outer, share());
    expect_near(found.inner_bias, inner_bias, share());
    expect_near(found.outer_bias, outer_bias, share());
  }
}

TEST_P(FeedForwardTest, ResultsDependOnPartsButNotOnThreadsOrOtherRows) {
  const Matrix<float> x = random_matrix<float>(500, kWidth, 4),
                      upstream = random_matrix<float>(500, kWidth, 5);
  ThreadPool pool(3);
  const Results one = run(x, upstream, 3, serial_for()),
                three = run(x, upstream, 3, pool.parallel_for());
  EXPECT_EQ(one.y.elements(), three.y.elements());
  EXPECT_EQ(one.rows.elements(), three.rows.elements());
  EXPECT_EQ(one.inner.elements(), three.inner.elements());
  EXPECT_EQ(one.outer.elements(), three.outer.elements());
  Matrix<float> units(100, kUnits), y(100, kWidth);
  feed_forward(map(), x.view().rows_between(211, 311), changed(units), changed(y), serial_for());
  for (std::int64_t i = 0; i < 100; ++i) {
    for (std::int64_t j = 0; j < kWidth; ++j) ASSERT_EQ(y(i, j), one.y(211 + i, j));
  }
}

TEST_P(FeedForwardTest, NoRowsGiveNoGradient) {
  const Matrix<float> none(0, kWidth);
  const Results found = run(none, none, 2, serial_for());
  for (const float value : found.inner.elements()) ASSERT_EQ(value, 0);
  for (const float value : found.outer_bias.elements()) ASSERT_EQ(value, 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, FeedForwardTest, testing::Bool());

}  // namespace
}  // namespace fastformer::kernels
