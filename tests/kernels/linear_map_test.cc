// A linear map and its gradients against plain sums in 64 bits.
#include "kernels/linear_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/matrix_checks.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;
using reference::random_matrix;

struct Gradients {
  Matrix<float> rows, weight;
  std::vector<float> bias;
};

Gradients gradients_of(const LinearMap& map, const Matrix<float>& x, const Matrix<float>& upstream,
                       std::int64_t parts, const ParallelFor& parallel_for = serial_for()) {
  Gradients found{Matrix<float>(x.rows(), x.columns()),
                  Matrix<float>(map.weight.rows, map.weight.columns),
                  std::vector<float>(static_cast<std::size_t>(map.weight.rows), 7.0F)};
  linear_backward(map, x.view(), upstream.view(),
                  {changed(found.rows), changed(found.weight), found.bias.data()}, parts,
                  parallel_for);
  return found;
}

class LinearMapTest : public testing::TestWithParam<bool> {
 protected:
  // bfloat16 has 8 bits, and both factors are rounded.
  void expect_near(float found, double expected, double terms) {
    ASSERT_NEAR(found, expected, (GetParam() ? 0.02 : 2e-6) * (1 + std::sqrt(terms)));
  }
};

TEST_P(LinearMapTest, EqualsPlainSums) {
  constexpr std::int64_t kOutputs = 64, kInputs = 96;
  const Matrix<float> weight = random_matrix<float>(kOutputs, kInputs, 1);
  const std::vector<float> bias(kOutputs, 0.25F);
  const LinearMap map = {weight.view(), GetParam()};
  for (const std::int64_t rows : {1, 2, 95, 96, 97, 300}) {
    const Matrix<float> x = random_matrix<float>(rows, kInputs, 2);
    const Matrix<float> upstream = random_matrix<float>(rows, kOutputs, 3);
    Matrix<float> y(rows, kOutputs);
    linear_forward(map, x.view(), every_row(bias.data()), changed(y), serial_for());
    const Gradients found = gradients_of(map, x, upstream, 2);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t o = 0; o < kOutputs; ++o) {
        double sum = 0.25;
        for (std::int64_t k = 0; k < kInputs; ++k) sum += double{x(i, k)} * weight(o, k);
        expect_near(y(i, o), sum, kInputs);
      }
      for (std::int64_t k = 0; k < kInputs; ++k) {
        double sum = 0;
        for (std::int64_t o = 0; o < kOutputs; ++o) sum += double{upstream(i, o)} * weight(o, k);
        expect_near(found.rows(i, k), sum, kOutputs);
      }
    }
    for (std::int64_t o = 0; o < kOutputs; ++o) {
      double of_bias = 0;
      for (std::int64_t i = 0; i < rows; ++i) of_bias += upstream(i, o);
      ASSERT_NEAR(found.bias[static_cast<std::size_t>(o)], of_bias, 1e-4);
      for (std::int64_t k = 0; k < kInputs; ++k) {
        double sum = 0;
        for (std::int64_t i = 0; i < rows; ++i) sum += double{upstream(i, o)} * x(i, k);
        expect_near(found.weight(o, k), sum, static_cast<double>(rows));
      }
    }
  }
}

TEST_P(LinearMapTest, ResultsDependOnPartsButNotOnThreadsOrOtherRows) {
  const Matrix<float> weight = random_matrix<float>(32, 64, 1);
  const Matrix<float> x = random_matrix<float>(500, 64, 2);
  const Matrix<float> upstream = random_matrix<float>(500, 32, 3);
  const LinearMap map = {weight.view(), GetParam()};
  const std::vector<float> bias(32, 1.0F);
  ThreadPool pool(3);
  Matrix<float> all(500, 32), some(100, 32);
  linear_forward(map, x.view(), every_row(bias.data()), changed(all), pool.parallel_for());
  linear_forward(map, x.view().rows_between(211, 311), every_row(bias.data()), changed(some),
                 serial_for());
  for (std::int64_t i = 0; i < 100; ++i) {
    for (std::int64_t o = 0; o < 32; ++o) ASSERT_EQ(all(211 + i, o), some(i, o));
  }
  const Gradients serial = gradients_of(map, x, upstream, 4);
  const Gradients parallel = gradients_of(map, x, upstream, 4, pool.parallel_for());
  EXPECT_EQ(serial.weight.elements(), parallel.weight.elements());
  EXPECT_EQ(serial.rows.elements(), parallel.rows.elements());
  EXPECT_EQ(serial.bias, parallel.bias);
}

TEST(LinearMapShapesTest, WithoutRowsGradientsAreZero) {
  const Matrix<float> weight = random_matrix<float>(32, 32, 1), none(0, 32);
  const Gradients found = gradients_of({weight.view(), false}, none, none, 3);
  EXPECT_EQ(found.weight.elements(), Matrix<float>(32, 32).elements());
  EXPECT_EQ(found.bias, std::vector<float>(32, 0.0F));
}

TEST(LinearMapShapesTest, IsForWholePanels) {
  EXPECT_TRUE(has_linear_kernels(32, 256));
  EXPECT_FALSE(has_linear_kernels(16, 256));
  EXPECT_FALSE(has_linear_kernels(32, 48));
  EXPECT_FALSE(has_linear_kernels(0, 32));
}

INSTANTIATE_TEST_SUITE_P(Formats, LinearMapTest, testing::Bool(), [](const auto& is_short) {
  return std::string(is_short.param ? "Bfloat16" : "Float32");
});

}  // namespace
}  // namespace fastformer::kernels
