// The short documents' map against plain loops in 64 bits.
#include "kernels/document_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "kernels/matrix_checks.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;
using reference::random_matrix;
using Offsets = std::vector<std::int64_t>;

// Empty documents, the last of all too, one token, and more than a tile.
const Offsets kOffsets = {0, 0, 1, 14, 14, 61, 261, 261};

// Width, and whether products are of bfloat16 numbers.
class DocumentMapTest : public testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  const std::int64_t width_ = std::get<0>(GetParam());
  const bool is_short_ = std::get<1>(GetParam());
  const std::int64_t documents_ = static_cast<std::int64_t>(kOffsets.size()) - 1;
  const Matrix<float> x_ = random_matrix<float>(kOffsets.back(), width_, 1);
  const Matrix<float> keys_ = random_matrix<float>(documents_, width_, 2);
  const Matrix<float> scaled_ = random_matrix<float>(width_, width_, 3);
  const Matrix<float> straight_ = random_matrix<float>(width_, width_, 4);
  const Matrix<float> bias_ = random_matrix<float>(1, width_, 5);
  const Matrix<float> upstream_ = random_matrix<float>(kOffsets.back(), width_, 6);

  struct Results {
    Matrix<float> y, x, keys, scaled, straight, bias;
  };

  Results run(const ParallelFor& parallel_for, std::int64_t parts) const {
    const DocumentMap map = {kOffsets,       x_.view(),        keys_.view(),
                             scaled_.view(), straight_.view(), is_short_};
    Results found{Matrix<float>(x_.rows(), width_),  Matrix<float>(x_.rows(), width_),
                  Matrix<float>(documents_, width_), Matrix<float>(width_, width_),
                  Matrix<float>(width_, width_),     Matrix<float>(1, width_)};
    document_map(map, bias_.elements().data(), changed(found.y), parallel_for);
    document_map_backward(map, upstream_.view(),
                          {changed(found.x), changed(found.keys), changed(found.scaled),
                           changed(found.straight), found.bias.elements().data()},
                          parts, parallel_for);
    return found;
  }

  // bfloat16 has 8 bits, and both factors are rounded.
  double share() const { return is_short_ ? 0.02 : 1e-5; }
};

TEST_P(DocumentMapTest, EqualsPlainLoops) {
  const Results found = run(serial_for(), 2);
  Matrix<double> y(x_.rows(), width_), x(x_.rows(), width_), keys(documents_, width_),
      scaled(width_, width_), straight(width_, width_), bias(1, width_);
  for (std::int64_t b = 0; b < documents_; ++b) {
    for (std::int64_t n = kOffsets[b]; n < kOffsets[b + 1]; ++n) {
      for (std::int64_t o = 0; o < width_; ++o) {
        const double above = upstream_(n, o);
        bias(0, o) += above;
        y(n, o) += bias_(0, o);
        for (std::int64_t j = 0; j < width_; ++j) {
          const double key = keys_(b, j), weight = scaled_(o, j) * key + straight_(o, j);
          y(n, o) += weight * x_(n, j);
          x(n, j) += weight * above;
          straight(o, j) += above * x_(n, j);
          scaled(o, j) += above * x_(n, j) * key;
          keys(b, j) += above * x_(n, j) * scaled_(o, j);
        }
      }
    }
  }
  expect_near(found.y, y, share());
  expect_near(found.x, x, share());
  expect_near(found.keys, keys, share());
  expect_near(found.scaled, scaled, share());
  expect_near(found.straight, straight, share());
  expect_near(found.bias, bias, share());
}

TEST_P(DocumentMapTest, ThreadsChangeNoBit) {
  ThreadPool pool(3);
  for (const std::int64_t parts : {1, 2, 5, 40}) {
    const Results one = run(serial_for(), parts), three = run(pool.parallel_for(), parts);
    EXPECT_EQ(one.y.elements(), three.y.elements());
    EXPECT_EQ(one.x.elements(), three.x.elements());
    EXPECT_EQ(one.keys.elements(), three.keys.elements());
    EXPECT_EQ(one.scaled.elements(), three.scaled.elements());
    EXPECT_EQ(one.straight.elements(), three.straight.elements());
    EXPECT_EQ(one.bias.elements(), three.bias.elements());
  }
}

TEST_P(DocumentMapTest, BatchMatesChangeNoBit) {
  const Results all = run(serial_for(), 2);
  const Offsets alone = {0, 47};
  const DocumentMap map = {alone,
                           x_.view().rows_between(14, 61),
                           keys_.view().rows_between(4, 5),
                           scaled_.view(),
                           straight_.view(),
                           is_short_};
  Matrix<float> y(47, width_), x(47, width_), keys(1, width_), scaled(width_, width_),
      straight(width_, width_), bias(1, width_);
  document_map(map, bias_.elements().data(), changed(y), serial_for());
  document_map_backward(
      map, upstream_.view().rows_between(14, 61),
      {changed(x), changed(keys), changed(scaled), changed(straight), bias.elements().data()}, 1,
      serial_for());
  for (std::int64_t j = 0; j < width_; ++j) {
    ASSERT_EQ(keys(0, j), all.keys(4, j));
    for (std::int64_t i = 0; i < 47; ++i) {
      ASSERT_EQ(y(i, j), all.y(14 + i, j));
      ASSERT_EQ(x(i, j), all.x(14 + i, j));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, DocumentMapTest,
                         testing::Combine(testing::Values(32, 96), testing::Bool()));

TEST(EmptyDocumentMapTest, NoTokensGiveNoGradient) {
  const Matrix<float> none(0, 32), weights = random_matrix<float>(32, 32, 1),
                                   keys = random_matrix<float>(2, 32, 2);
  Matrix<float> x(0, 32), key_gradient = keys, scaled = weights, straight = weights, bias(1, 32);
  const Offsets offsets = {0, 0, 0};
  document_map_backward({offsets, none.view(), keys.view(), weights.view(), weights.view(), false},
                        none.view(),
                        {changed(x), changed(key_gradient), changed(scaled), changed(straight),
                         bias.elements().data()},
                        2, serial_for());
  for (const Matrix<float>* matrix : {&key_gradient, &scaled, &straight, &bias}) {
    for (const float value : matrix->elements()) EXPECT_EQ(value, 0);
  }
}

}  // namespace
}  // namespace fastformer::kernels
