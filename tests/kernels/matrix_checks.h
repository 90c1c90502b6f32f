// What tests of kernels on matrices share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/reference/matrix.h"

namespace fastformer::kernels {

// Where a kernel writes.
inline MatrixView<float> changed(reference::Matrix<float>& matrix) {
  return {matrix.elements().data(), matrix.rows(), matrix.columns()};
}

// Within a share of the largest element: sums are as exact as their largest terms.
template <typename T>
void expect_near(const reference::Matrix<float>& found, const reference::Matrix<T>& expected,
                 double share) {
  double largest = 0;
  for (const T value : expected.elements()) {
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  for (std::int64_t i = 0; i < found.rows(); ++i) {
    for (std::int64_t j = 0; j < found.columns(); ++j) {
      ASSERT_NEAR(found(i, j), expected(i, j), share * largest);
    }
  }
}

}  // namespace fastformer::kernels
