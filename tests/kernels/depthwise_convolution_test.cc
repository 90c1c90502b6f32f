// The convolution over neighbours against its formula, written plainly, for every length and width.
#include "kernels/depthwise_convolution.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/random_values.h"
#include "kernels/reference/matrix.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;
using Offsets = std::vector<std::int64_t>;

template <typename T>
Matrix<T> random_rows(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  Matrix<T> matrix(rows, columns);
  matrix.elements() = normal_values<T>(rows * columns, seed);
  return matrix;
}

template <typename T>
MatrixView<T> writable(Matrix<T>& matrix) {
  return {matrix.elements().data(), matrix.rows(), matrix.columns()};
}

// Document and place of every token, to say what a neighbour is.
std::vector<std::int64_t> documents_of(const Offsets& offsets) {
  std::vector<std::int64_t> documents;
  for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
    documents.insert(documents.end(), static_cast<std::size_t>(offsets[b + 1] - offsets[b]),
                     static_cast<std::int64_t>(b));
  }
  return documents;
}

// Row n of `rows` as token i sees it: zeros outside i's document.
template <typename T>
T seen(const Matrix<T>& rows, const std::vector<std::int64_t>& documents, std::int64_t i,
       std::int64_t n, std::int64_t j) {
  if (n < 0 || n >= rows.rows()) return 0;
  const bool same =
      documents[static_cast<std::size_t>(i)] == documents[static_cast<std::size_t>(n)];
  return same ? rows(n, j) : T(0);
}

template <typename T>
Matrix<T> convolved(const Offsets& offsets, const Matrix<T>& rows, const Matrix<T>& taps,
                    const std::vector<T>& bias, const ParallelFor& parallel_for = serial_for()) {
  Matrix<T> outputs = random_rows<T>(rows.rows(), rows.columns(), 77);
  depthwise_convolution<T>(offsets, rows.view(), taps.view(), bias, writable(outputs),
                           parallel_for);
  return outputs;
}

template <typename T>
Matrix<T> convolved_plainly(const Offsets& offsets, const Matrix<T>& rows, const Matrix<T>& taps,
                            const std::vector<T>& bias) {
  const std::vector<std::int64_t> documents = documents_of(offsets);
  Matrix<T> outputs(rows.rows(), rows.columns());
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    for (std::int64_t j = 0; j < rows.columns(); ++j) {
      outputs(i, j) = bias[static_cast<std::size_t>(j)];
      for (std::int64_t k = 0; k < taps.rows(); ++k) {
        outputs(i, j) += taps(k, j) * seen(rows, documents, i, i + k - taps.rows() / 2, j);
      }
    }
  }
  return outputs;
}

constexpr std::int64_t kTaps[] = {1, 3, 5, 9, 141};  // the last reaches past every document

template <typename T>
void expect_the_plain_formula() {
  const Offsets offsets = offsets_of_all_lengths(70);
  ThreadPool pool(3);
  for (std::int64_t taps : kTaps) {
    for (std::int64_t width : {1, 3, 8, 33}) {
      const Matrix<T> rows = random_rows<T>(offsets.back(), width, 1);
      const Matrix<T> weight = random_rows<T>(taps, width, 2);
      const std::vector<T> bias = normal_values<T>(width, 3);
      const Matrix<T> found = convolved(offsets, rows, weight, bias, pool.parallel_for());
      // The same additions in the same order.
      EXPECT_EQ(found.elements(), convolved_plainly(offsets, rows, weight, bias).elements())
          << taps << " taps, width " << width;
      EXPECT_EQ(found.elements(), convolved(offsets, rows, weight, bias).elements());
    }
  }
}

TEST(DepthwiseConvolutionTest, IsThePlainFormulaForEveryLengthAndWidth) {
  expect_the_plain_formula<float>();
  expect_the_plain_formula<double>();
}

TEST(DepthwiseConvolutionTest, DocumentsMoveWithTheirTokens) {
  const Matrix<float> rows = random_rows<float>(9, 5, 1), taps = random_rows<float>(7, 5, 2);
  const std::vector<float> bias = normal_values<float>(5, 3);
  const Matrix<float> found = convolved<float>({0, 4, 4, 9}, rows, taps, bias);
  Matrix<float> turned(9, 5);  // the second document first
  for (std::int64_t i = 0; i < 9; ++i) {
    std::copy_n(rows.row(i < 5 ? i + 4 : i - 5), 5, turned.row(i));
  }
  const Matrix<float> moved = convolved<float>({0, 5, 9, 9}, turned, taps, bias);
  for (std::int64_t i = 0; i < 9; ++i) {
    for (std::int64_t j = 0; j < 5; ++j) EXPECT_EQ(moved(i, j), found(i < 5 ? i + 4 : i - 5, j));
  }
}

TEST(DepthwiseConvolutionTest, GradientOfTheTapsIsThePlainSum) {
  const Offsets offsets = offsets_of_all_lengths(70);
  const std::vector<std::int64_t> documents = documents_of(offsets);
  ThreadPool pool(3);
  for (std::int64_t taps : kTaps) {
    for (std::int64_t width : {1, 3, 33, 70}) {
      const Matrix<double> rows = random_rows<double>(offsets.back(), width, 1);
      const Matrix<double> upstream = random_rows<double>(offsets.back(), width, 2);
      Matrix<double> gradient = random_rows<double>(taps, width, 3);
      depthwise_convolution_taps_backward<double>(offsets, rows.view(), upstream.view(),
                                                  writable(gradient), pool.parallel_for());
      for (std::int64_t k = 0; k < taps; ++k) {
        for (std::int64_t j = 0; j < width; ++j) {
          double sum = 0;
          for (std::int64_t i = 0; i < rows.rows(); ++i) {
            sum += upstream(i, j) * seen(rows, documents, i, i + k - taps / 2, j);
          }
          ASSERT_DOUBLE_EQ(gradient(k, j), sum) << "tap " << k << " of " << taps;
        }
      }
    }
  }
}

// <upstream, convolution of rows> = <its transpose of upstream, rows> without a bias.
TEST(DepthwiseConvolutionTest, TapsInReverseAreTheTranspose) {
  const Offsets offsets = offsets_of_all_lengths(20);
  const std::vector<double> none(6);
  for (std::int64_t taps : kTaps) {
    const Matrix<double> rows = random_rows<double>(offsets.back(), 6, 1);
    const Matrix<double> upstream = random_rows<double>(offsets.back(), 6, 2);
    const Matrix<double> weight = random_rows<double>(taps, 6, 3);
    Matrix<double> reversed(taps, 6);
    for (std::int64_t k = 0; k < taps; ++k) {
      std::copy_n(weight.row(taps - 1 - k), 6, reversed.row(k));
    }
    const Matrix<double> forward = convolved(offsets, rows, weight, none);
    const Matrix<double> backward = convolved(offsets, upstream, reversed, none);
    double one = 0, other = 0;
    for (std::size_t n = 0; n < rows.elements().size(); ++n) {
      one += upstream.elements()[n] * forward.elements()[n];
      other += backward.elements()[n] * rows.elements()[n];
    }
    EXPECT_NEAR(one, other, 1e-9);
  }
}

}  // namespace
}  // namespace fastformer::kernels
