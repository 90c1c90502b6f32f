// Products and weighted sums of every instruction set against a plain loop.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/simd/dispatch.h"
#include "random_values.h"
#include "unaligned.h"

namespace fastformer::kernels {
namespace {

class SimdProductTest : public testing::TestWithParam<InstructionSet> {
 protected:
  const Stages& stages() const { return stages_of(GetParam()); }
};

// Panels of weights [outputs, inputs], moved by `shift` floats from where they are aligned.
std::vector<float> panels_of(const std::vector<float>& weights, std::int64_t outputs,
                             std::int64_t inputs, std::int64_t shift) {
  std::vector<float> panels(static_cast<std::size_t>(padded(outputs) * inputs + shift), 0.0F);
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t k = 0; k < inputs; ++k) {
      panels[static_cast<std::size_t>(shift + (o / kPanel * inputs + k) * kPanel + o % kPanel)] =
          weights[static_cast<std::size_t>(o * inputs + k)];
    }
  }
  return panels;
}

// x [rows, inputs] in rows `stride` apart.
std::vector<float> spread_rows(const std::vector<float>& x, std::int64_t rows, std::int64_t columns,
                               std::int64_t stride, std::int64_t shift) {
  std::vector<float> spread(static_cast<std::size_t>(rows * stride + shift), 0.0F);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      spread[static_cast<std::size_t>(shift + i * stride + j)] =
          x[static_cast<std::size_t>(i * columns + j)];
    }
  }
  return spread;
}

void check_product(const Stages& stages, std::int64_t rows, std::int64_t inputs,
                   std::int64_t outputs, std::int64_t shift) {
  const auto seed = static_cast<std::uint64_t>(rows * 1000 + inputs * 10 + outputs);
  const std::vector<float> x = normal_values<float>(rows * inputs, seed);
  const std::vector<float> weights = normal_values<float>(outputs * inputs, seed + 1);
  std::vector<float> bias = normal_values<float>(padded(outputs), seed + 2);
  const std::vector<float> panels = panels_of(weights, outputs, inputs, shift);
  const std::int64_t x_stride = inputs + 3, y_stride = padded(outputs) + 1;
  const std::vector<float> spread = spread_rows(x, rows, inputs, x_stride, shift);
  std::vector<float> y(static_cast<std::size_t>(rows * y_stride + shift + kPanel), -7);
  Product product;
  product.x = spread.data() + shift;
  product.x_stride = x_stride;
  product.rows = rows;
  product.inputs = inputs;
  product.panels = panels.data() + shift;
  product.outputs = outputs;
  product.start = bias.data();
  product.y = y.data() + shift;
  product.y_row = y_stride;
  stages.product(product);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      double sum = bias[static_cast<std::size_t>(o)];
      for (std::int64_t k = 0; k < inputs; ++k) {
        sum += static_cast<double>(x[static_cast<std::size_t>(i * inputs + k)]) *
               weights[static_cast<std::size_t>(o * inputs + k)];
      }
      ASSERT_NEAR(y[static_cast<std::size_t>(shift + i * y_stride + o)], sum,
                  3e-6 * std::sqrt(static_cast<double>(inputs)) * 4)
          << rows << " x " << inputs << " x " << outputs << " at " << i << ", " << o;
    }
    // Nothing is written past the last panel.
    ASSERT_EQ(y[static_cast<std::size_t>(shift + i * y_stride + padded(outputs))], -7);
  }
}

TEST_P(SimdProductTest, EqualsAPlainLoop) {
  for (std::int64_t rows : {1, 2, 3, 5, 6, 7, 11, 12, 13, 25, 96}) {
    for (std::int64_t inputs : {1, 2, 7, 31, 64}) {
      for (std::int64_t outputs : {1, 4, 8, 9, 15, 16, 17, 31, 32, 33, 47, 70}) {
        check_product(stages(), rows, inputs, outputs, (rows + outputs) % 3);
      }
    }
  }
}

// A row's result is the same bits with whatever rows it is handed in.
TEST_P(SimdProductTest, ARowDependsOnItselfAlone) {
  constexpr std::int64_t kRows = 29, kInputs = 37, kOutputs = 45;
  const std::vector<float> x = normal_values<float>(kRows * kInputs, 1);
  const std::vector<float> panels =
      panels_of(normal_values<float>(kOutputs * kInputs, 2), kOutputs, kInputs, 0);
  const std::vector<float> bias(static_cast<std::size_t>(padded(kOutputs)), 0.5F);
  std::vector<float> all(static_cast<std::size_t>(kRows * padded(kOutputs))), one(all.size());
  Product product;
  product.x = x.data();
  product.x_stride = product.inputs = kInputs;
  product.rows = kRows;
  product.panels = panels.data();
  product.outputs = kOutputs;
  product.start = bias.data();
  product.y = all.data();
  product.y_row = padded(kOutputs);
  stages().product(product);
  for (std::int64_t i = 0; i < kRows; ++i) {
    product.x = x.data() + i * kInputs;
    product.rows = 1;
    product.y = one.data() + i * padded(kOutputs);
    stages().product(product);
  }
  EXPECT_EQ(all, one);
}

enum class SumInput { kFloats, kRounded, kPairs };

void check_weighted_sums(const Stages& stages, void (*weighted_sum)(const WeightedSum&),
                         SumInput input) {
  for (std::int64_t heads : {1, 2, 3, 5, 8, 9, 16, 20, 141}) {
    for (std::int64_t width : {1, 8, 15, 16, 33, 64, 70, 300}) {
      for (std::int64_t tokens : {1, 2, 17, 33, 96, 131}) {
        const std::int64_t stride = padded(width), head_stride = padded(heads);
        const auto weights = unaligned(normal_values<float>(tokens * head_stride, 1));
        const auto x = unaligned(
            spread_rows(normal_values<float>(tokens * width, 2), tokens, width, stride, 0));
        const auto shrink = unaligned(normal_values<float>(head_stride, 3));
        const auto before =
            unaligned(spread_rows(normal_values<float>(heads * width, 4), heads, width, stride, 0));
        Unaligned<float> sums = before;
        WeightedSum sum{weights.data(), head_stride, shrink.data(), tokens,      heads,
                        width,          x.data(),    stride,        sums.data(), stride};
        Unaligned<Pair> pairs(static_cast<std::size_t>(tokens * stride / 2));
        if (input == SumInput::kPairs) {
          stages.pair_rows({x.data(), stride, tokens, width, pairs.data(), stride / 2});
          sum.pairs = pairs.data();
          sum.pairs_stride = stride / 2;
          sum.x = nullptr;
        }
        weighted_sum(sum);
        for (std::int64_t h = 0; h < heads; ++h) {
          for (std::int64_t j = 0; j < stride; ++j) {
            const auto at = static_cast<std::size_t>(h * stride + j);
            double expected = static_cast<double>(shrink[static_cast<std::size_t>(h)]) * before[at];
            for (std::int64_t i = 0; i < tokens; ++i) {
              const auto weight = weights[static_cast<std::size_t>(i * head_stride + h)];
              expected += static_cast<double>(weight) * x[static_cast<std::size_t>(i * stride + j)];
            }
            // bfloat16 has 8 bits.
            const double tolerance =
                input == SumInput::kFloats ? 3e-5 : 0.05 * std::sqrt(static_cast<double>(tokens));
            ASSERT_NEAR(sums[at], expected, tolerance) << heads << " " << width << " " << tokens;
          }
        }
      }
    }
  }
}

TEST_P(SimdProductTest, WeightedSumsEqualAPlainLoop) {
  check_weighted_sums(stages(), stages().weighted_sum, SumInput::kFloats);
  check_weighted_sums(stages(), stages().short_weighted_sum, SumInput::kRounded);
  if (stages().sums_pairs) {
    check_weighted_sums(stages(), stages().short_weighted_sum, SumInput::kPairs);
  }
  check_weighted_sums(stages(), stages().pair_weighted_sum, SumInput::kRounded);
}

INSTANTIATE_TEST_SUITE_P(Sets, SimdProductTest, testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name_of(set.param)); });

}  // namespace
}  // namespace fastformer::kernels
