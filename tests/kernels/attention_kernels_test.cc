// Token sums, the composed map and document_scale against plain loops in 64 bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "kernels/composed_map.h"
#include "kernels/document_chunks.h"
#include "kernels/document_scale.h"
#include "kernels/matrix_checks.h"
#include "kernels/reference_weights.h"
#include "kernels/token_sums.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;
using reference::random_matrix;
using Offsets = std::vector<std::int64_t>;

// Empty documents, one token, less than a tile, and several chunks.
const Offsets kOffsets = {0, 0, 1, 14, 14, 140, 900};

double product(const Matrix<float>& a, std::int64_t i, const Matrix<float>& b, std::int64_t j) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.columns(); ++k) sum += double{a(i, k)} * b(j, k);
  return sum;
}

TEST(DocumentChunksTest, DocumentsAreCutFromTheirBeginning) {
  const DocumentChunks chunks(Offsets{0, 0, 5, 12}, 4);
  EXPECT_EQ(chunks.first, (Offsets{0, 0, 2, 4}));
  ASSERT_EQ(chunks.size(), 4);
  EXPECT_EQ(chunks[1].begin, 4);
  EXPECT_EQ(chunks[1].end, 5);
  EXPECT_EQ(chunks[3].begin, 9);
  EXPECT_EQ(chunks[3].document, 2);
  EXPECT_EQ(DocumentChunks(Offsets{0}, 4).size(), 0);
}

class TokenSumsKernelTest : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  const std::int64_t heads_ = std::get<0>(GetParam()), width_ = std::get<1>(GetParam());
  const std::int64_t documents_ = static_cast<std::int64_t>(kOffsets.size()) - 1;
  const Matrix<float> x_ = random_matrix<float>(kOffsets.back(), width_, 1);
  const Matrix<float> directions_ = random_matrix<float>(documents_ * heads_, width_, 2);
  const Matrix<float> upstream_ = random_matrix<float>(documents_ * heads_, width_, 3);

  struct Results {
    Matrix<float> weights, sums, x, directions;
  };

  Results run(const ParallelFor& parallel_for, const Matrix<float>& x) const {
    const TokenSums input = {kOffsets, x.view(), directions_.view(), heads_, heads_};
    Results found{Matrix<float>(x.rows(), heads_), Matrix<float>(documents_ * heads_, width_),
                  Matrix<float>(x.rows(), width_), Matrix<float>(documents_ * heads_, width_)};
    token_sums(input, changed(found.weights), changed(found.sums), parallel_for);
    token_sums_backward(input, {found.weights.view(), found.sums.view(), upstream_.view(), {}},
                        changed(found.x), changed(found.directions), parallel_for);
    return found;
  }
};

TEST_P(TokenSumsKernelTest, EqualsPlainLoops) {
  const Results found = run(serial_for(), x_);
  for (std::int64_t b = 0; b < documents_; ++b) {
    const std::int64_t begin = kOffsets[b], end = kOffsets[b + 1];
    for (std::int64_t h = 0; h < heads_; ++h) {
      const std::int64_t row = b * heads_ + h;
      std::vector<double> weights;
      double total = 0, mean = 0;
      for (std::int64_t i = begin; i < end; ++i) {
        weights.push_back(std::exp(product(x_, i, directions_, row)));
        total += weights.back();
      }
      for (double& weight : weights) weight /= total;
      for (std::int64_t i = begin; i < end; ++i) {
        ASSERT_NEAR(found.weights(i, h), weights[i - begin], 2e-5);
        mean += weights[i - begin] * product(x_, i, upstream_, row);
      }
      for (std::int64_t j = 0; j < width_; j += 7) {
        double sum = 0, of_direction = 0;
        for (std::int64_t i = begin; i < end; ++i) {
          const double weight = weights[i - begin];
          sum += weight * x_(i, j);
          of_direction += weight * (product(x_, i, upstream_, row) - mean) * x_(i, j);
        }
        ASSERT_NEAR(found.sums(row, j), sum, 2e-4);
        ASSERT_NEAR(found.directions(row, j), of_direction, 2e-3);
      }
    }
  }
}

TEST_P(TokenSumsKernelTest, GradientOfTheTokensEqualsDifferences) {
  const Results found = run(serial_for(), x_);
  // The change of sums . upstream along one token's gradient, with a step that float32 resolves.
  for (const std::int64_t token : {0, 5, 13, 139, 700}) {
    double square = 0, above = 0, below = 0;
    for (std::int64_t j = 0; j < width_; ++j)
      square += double{found.x(token, j)} * found.x(token, j);
    const double step = 0.02 / std::sqrt(square + 1e-30);
    for (const double sign : {1.0, -1.0}) {
      Matrix<float> moved = x_;
      for (std::int64_t j = 0; j < width_; ++j) {
        moved(token, j) += static_cast<float>(sign * step * found.x(token, j));
      }
      const Results there = run(serial_for(), moved);
      double& sum = sign > 0 ? above : below;
      for (std::int64_t r = 0; r < documents_ * heads_; ++r) {
        for (std::int64_t j = 0; j < width_; ++j) sum += double{there.sums(r, j)} * upstream_(r, j);
      }
    }
    EXPECT_NEAR((above - below) / (2 * step), square, 0.05 * square + 0.02) << token;
  }
}

TEST_P(TokenSumsKernelTest, GradientBeginsWithThatOfOthers) {
  const Results alone = run(serial_for(), x_);
  const TokenSums input = {kOffsets, x_.view(), directions_.view(), heads_, heads_};
  const Matrix<float> others = random_matrix<float>(x_.rows(), width_, 4);
  Matrix<float> x(x_.rows(), width_), directions(documents_ * heads_, width_);
  token_sums_backward(input,
                      {alone.weights.view(), alone.sums.view(), upstream_.view(), others.view()},
                      changed(x), changed(directions), serial_for());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < width_; ++j) {
      ASSERT_NEAR(x(i, j), alone.x(i, j) + others(i, j), 1e-4);
    }
  }
  EXPECT_EQ(directions.elements(), alone.directions.elements());
}

TEST_P(TokenSumsKernelTest, ThreadsChangeNoBit) {
  ThreadPool pool(3);
  const Results one = run(serial_for(), x_), three = run(pool.parallel_for(), x_);
  EXPECT_EQ(one.sums.elements(), three.sums.elements());
  EXPECT_EQ(one.weights.elements(), three.weights.elements());
  EXPECT_EQ(one.x.elements(), three.x.elements());
  EXPECT_EQ(one.directions.elements(), three.directions.elements());
}

INSTANTIATE_TEST_SUITE_P(Shapes, TokenSumsKernelTest,
                         testing::Combine(testing::Values(1, 3, 20, 40), testing::Values(32, 96)));

TEST(TokenSumsKernelTest, WhatIsNoNumberIsSeenInItsDocumentAlone) {
  Matrix<float> x = random_matrix<float>(600, 32, 1);
  x(500, 3) = std::numeric_limits<float>::quiet_NaN();
  const Matrix<float> directions = random_matrix<float>(2, 32, 2);
  const Offsets offsets = {0, 100, 600};
  Matrix<float> weights(600, 2), sums(4, 32);
  token_sums({offsets, x.view(), directions.view(), 2, 0}, changed(weights), changed(sums),
             serial_for());
  EXPECT_TRUE(std::isfinite(sums(0, 3)));
  EXPECT_FALSE(std::isfinite(sums(2, 3)));
}

class ComposedMapKernelTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr std::int64_t kWidth = 64;
  const std::int64_t documents_ = static_cast<std::int64_t>(kOffsets.size()) - 1;
  const Matrix<float> x_ = random_matrix<float>(kOffsets.back(), kWidth, 1);
  const Matrix<float> keys_ = random_matrix<float>(documents_, kWidth, 2);
  const Matrix<float> spread_ = random_matrix<float>(kWidth, kWidth, 3);
  const Matrix<float> query_ = random_matrix<float>(kWidth, kWidth, 4);
  const Matrix<float> straight_ = random_matrix<float>(kWidth, kWidth, 5);
  const Matrix<float> biases_ = random_matrix<float>(documents_, kWidth, 6);
  const Matrix<float> upstream_ = random_matrix<float>(kOffsets.back(), kWidth, 7);

  // bfloat16 has 8 bits, and both factors are rounded.
  double share() const { return GetParam() ? 0.02 : 1e-5; }

  struct Results {
    Matrix<float> y, x, keys, biases, spread, query, straight;
  };

  Results run(const ParallelFor& parallel_for, std::int64_t parts) const {
    const ComposedMap map = {kOffsets,      x_.view(),        keys_.view(), spread_.view(),
                             query_.view(), straight_.view(), GetParam()};
    Results found{Matrix<float>(x_.rows(), kWidth),  Matrix<float>(x_.rows(), kWidth),
                  Matrix<float>(documents_, kWidth), Matrix<float>(documents_, kWidth),
                  Matrix<float>(kWidth, kWidth),     Matrix<float>(kWidth, kWidth),
                  Matrix<float>(kWidth, kWidth)};
    composed_map(map, biases_.view(), changed(found.y), parallel_for);
    composed_map_backward(map, upstream_.view(),
                          {changed(found.x), changed(found.keys), changed(found.biases),
                           changed(found.spread), changed(found.query), changed(found.straight)},
                          parts, parallel_for);
    return found;
  }
};

TEST_P(ComposedMapKernelTest, EqualsPlainLoops) {
  const Results found = run(serial_for(), 2);
  Results expected = found;
  for (Matrix<float>* sums : {&expected.spread, &expected.straight, &expected.keys}) {
    std::fill(sums->elements().begin(), sums->elements().end(), 0.0F);
  }
  for (std::int64_t b = 0; b < documents_; ++b) {
    Matrix<double> matrix(kWidth, kWidth), gradient(kWidth, kWidth);
    for (std::int64_t o = 0; o < kWidth; ++o) {
      for (std::int64_t i = 0; i < kWidth; ++i) {
        double sum = straight_(o, i);
        for (std::int64_t j = 0; j < kWidth; ++j) {
          sum += double{spread_(o, j)} * keys_(b, j) * query_(j, i);
        }
        matrix(o, i) = sum;
      }
    }
    for (std::int64_t n = kOffsets[b]; n < kOffsets[b + 1]; ++n) {
      for (std::int64_t o = 0; o < kWidth; ++o) {
        double y = biases_(b, o), x = 0;
        for (std::int64_t i = 0; i < kWidth; ++i) {
          y += matrix(o, i) * x_(n, i);
          x += matrix(i, o) * upstream_(n, i);
          gradient(o, i) += double{upstream_(n, o)} * x_(n, i);
        }
        expected.y(n, o) = static_cast<float>(y);
        expected.x(n, o) = static_cast<float>(x);
      }
    }
    for (std::int64_t j = 0; j < kWidth; ++j) {
      double key = 0;
      for (std::int64_t o = 0; o < kWidth; ++o) {
        double along = 0;
        for (std::int64_t i = 0; i < kWidth; ++i) along += gradient(o, i) * query_(j, i);
        key += along * spread_(o, j);
        expected.spread(o, j) += static_cast<float>(along * keys_(b, j));
        expected.straight(o, j) += static_cast<float>(gradient(o, j));
      }
      expected.keys(b, j) = static_cast<float>(key);
    }
  }
  expect_near(found.y, expected.y, share());
  expect_near(found.x, expected.x, share());
  expect_near(found.keys, expected.keys, share());
  expect_near(found.spread, expected.spread, share());
  expect_near(found.straight, expected.straight, share());
}

TEST_P(ComposedMapKernelTest, ThreadsChangeNoBit) {
  ThreadPool pool(3);
  const Results one = run(serial_for(), 2), three = run(pool.parallel_for(), 2);
  EXPECT_EQ(one.y.elements(), three.y.elements());
  EXPECT_EQ(one.x.elements(), three.x.elements());
  EXPECT_EQ(one.keys.elements(), three.keys.elements());
  EXPECT_EQ(one.query.elements(), three.query.elements());
}

INSTANTIATE_TEST_SUITE_P(Formats, ComposedMapKernelTest, testing::Bool());

TEST(DocumentScaleKernelTest, EmptyDocumentsHaveNoGradient) {
  const Matrix<float> rows = random_matrix<float>(900, 5, 1),
                      vectors = random_matrix<float>(6, 5, 2);
  Matrix<float> scaled(900, 5), gradient(6, 5);
  ThreadPool pool(3);
  document_scale<float>(kOffsets, rows.view(), vectors.view(), changed(scaled),
                        pool.parallel_for());
  EXPECT_EQ(scaled(899, 4), rows(899, 4) * vectors(5, 4));
  document_scale_vectors_backward<float>(kOffsets, rows.view(), scaled.view(), changed(gradient),
                                         pool.parallel_for());
  EXPECT_EQ(gradient(0, 1), 0);
  EXPECT_EQ(gradient(3, 1), 0);
  EXPECT_EQ(gradient(1, 2), rows(0, 2) * scaled(0, 2));
}

}  // namespace
}  // namespace fastformer::kernels
