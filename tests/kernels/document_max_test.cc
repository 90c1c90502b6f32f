// Max pooling's kernel against the reference, document by document.
#include "kernels/document_max.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/reference/classifier.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;

struct Maxima {
  Matrix<float> values;
  std::vector<std::int32_t> tokens;
};

Maxima maxima_of(const std::vector<std::int64_t>& offsets, const Matrix<float>& rows,
                 const ParallelFor& parallel_for = serial_for()) {
  const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
  Maxima maxima = {Matrix<float>(documents, rows.columns()), {}};
  maxima.tokens.resize(static_cast<std::size_t>(documents * rows.columns()), -7);
  document_max<float>(offsets, rows.view(),
                      {maxima.values.elements().data(), documents, rows.columns()},
                      {maxima.tokens.data(), documents, rows.columns()}, parallel_for);
  return maxima;
}

TEST(DocumentMaxTest, IsTheReferenceForEveryLengthAndNeighbour) {
  std::vector<std::int64_t> offsets = {0};
  for (std::int64_t length = 0; length < 40; ++length) offsets.push_back(offsets.back() + length);
  for (std::int64_t width : {1, 3, 8, 33}) {
    const Matrix<float> rows = reference::random_matrix<float>(offsets.back(), width, 1);
    ThreadPool pool(3);
    const Maxima found = maxima_of(offsets, rows, pool.parallel_for());
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      const Matrix<float> document(rows.view().rows_between(offsets[b], offsets[b + 1]));
      const std::vector<float> expected = reference::max_pool(document);
      for (std::int64_t j = 0; j < width; ++j) {
        const auto row = static_cast<std::int64_t>(b);
        EXPECT_EQ(found.values(row, j), expected[static_cast<std::size_t>(j)]);
        const std::int32_t token =
            found.tokens[b * static_cast<std::size_t>(width) + static_cast<std::size_t>(j)];
        if (offsets[b] == offsets[b + 1]) {
          EXPECT_EQ(token, -1);
        } else {
          EXPECT_EQ(rows(token, j), found.values(row, j));
        }
      }
    }
  }
}

TEST(DocumentMaxTest, WhatIsNoNumberIsTheMaximumWhereverItStands) {
  for (std::int64_t at = 0; at < 3; ++at) {
    Matrix<float> rows(3, 1);
    rows(at, 0) = std::nanf("");
    const Maxima found = maxima_of({0, 3}, rows);
    EXPECT_TRUE(std::isnan(found.values(0, 0)));
    EXPECT_EQ(found.tokens[0], at);
  }
}

TEST(DocumentMaxTest, OfEqualTokensTheFirstGetsTheWholeGradient) {
  Matrix<float> rows(5, 2);  // documents of 3, 0 and 2 tokens
  rows(1, 0) = rows(2, 0) = 4;
  rows(3, 1) = rows(4, 1) = -1;
  rows(3, 0) = -3;
  const std::vector<std::int64_t> offsets = {0, 3, 3, 5};
  const Maxima maxima = maxima_of(offsets, rows);
  EXPECT_EQ(maxima.tokens, (std::vector<std::int32_t>{1, 0, -1, -1, 4, 3}));
  const Matrix<float> upstream = reference::random_matrix<float>(3, 2, 5);
  Matrix<float> gradient = reference::random_matrix<float>(5, 2, 6);
  document_max_backward<float>(offsets, {maxima.tokens.data(), 3, 2}, upstream.view(),
                               {gradient.elements().data(), 5, 2}, serial_for());
  const std::vector<float> expected = {0, upstream(0, 1), upstream(0, 0), 0, 0, 0,
                                       0, upstream(2, 1), upstream(2, 0), 0};
  EXPECT_EQ(gradient.elements(), expected);
}

}  // namespace
}  // namespace fastformer::kernels
