// Row by row stages of every instruction set against the scalar reference, and the choice of sets.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/reference/local.h"
#include "kernels/reference/operations.h"
#include "kernels/simd/dispatch.h"
#include "random_values.h"
#include "temporary_folder.h"

namespace fastformer::kernels {
namespace {

using reference::Matrix;

class SimdRowsTest : public testing::TestWithParam<InstructionSet> {
 protected:
  const Stages& stages() const { return stages_of(GetParam()); }
};

// Rows [rows, width] `stride` apart, from element 1 on, so that nothing is aligned; 0 past the
// width.
class Tile {
 public:
  Tile(std::int64_t rows, std::int64_t width, std::uint64_t seed)
      : rows_(rows), width_(width), stride_(padded(width)), elements_(size(), 0.0F) {
    const std::vector<float> values = normal_values<float>(rows * width, seed);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < width; ++j) {
        row(i)[j] = 2 * values[static_cast<std::size_t>(i * width + j)];
      }
    }
  }

  float* row(std::int64_t i) { return elements_.data() + 1 + i * stride_; }
  std::int64_t stride() const { return stride_; }
  Rows view() { return {row(0), stride_, rows_, width_}; }
  Matrix<double> matrix() {
    Matrix<double> m(rows_, width_);
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < width_; ++j) m(i, j) = row(i)[j];
    }
    return m;
  }
  void expect_near(const Matrix<double>& expected, double tolerance) {
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < width_; ++j) {
        ASSERT_NEAR(row(i)[j], expected(i, j), tolerance) << i << ", " << j << " of " << width_;
      }
      for (std::int64_t j = width_; j < stride_; ++j) ASSERT_EQ(row(i)[j], 0) << "padding " << j;
    }
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(rows_ * stride_ + 1); }

  std::int64_t rows_, width_, stride_;
  std::vector<float> elements_;
};

std::vector<float> padded_values(std::int64_t width, std::uint64_t seed) {
  std::vector<float> values = normal_values<float>(width, seed);
  values.resize(static_cast<std::size_t>(padded(width)), 0.0F);
  return values;
}

TEST_P(SimdRowsTest, NormOfASumEqualsTheReference) {
  for (std::int64_t width = 1; width <= 70; ++width) {
    Tile x(3, width, 1), change(3, width, 2), y(3, width, 3);
    const std::vector<float> scale = padded_values(width, 4), shift = padded_values(width, 5);
    const std::vector<double> wide_scale(scale.begin(), scale.end()),
        wide_shift(shift.begin(), shift.end());
    const reference::Norm<double> norm{wide_scale.data(), wide_shift.data()};
    const Matrix<double> sum = reference::add(x.matrix(), change.matrix());
    AddNorm stage{x.row(0),     change.row(0), x.stride(), change.stride(), 3,          width,
                  scale.data(), shift.data(),  1e-3F,      y.row(0),        y.stride(), {}};
    stages().add_norm(stage);
    y.expect_near(reference::layer_norm(norm, 1e-3, sum), 2e-5);
    stage.scale = nullptr;
    stages().add_norm(stage);
    y.expect_near(sum, 1e-6);
    stage.add = nullptr;
    stage.scale = scale.data();
    stages().add_norm(stage);
    y.expect_near(reference::layer_norm(norm, 1e-3, x.matrix()), 2e-5);
    stage.y = x.row(0);  // in place
    const Matrix<double> expected = reference::layer_norm(norm, 1e-3, x.matrix());
    stages().add_norm(stage);
    x.expect_near(expected, 2e-5);
  }
}

TEST_P(SimdRowsTest, ElementsEqualTheReference) {
  for (std::int64_t width = 1; width <= 40; ++width) {
    Tile x(4, width, 7);
    const Matrix<double> before = x.matrix();
    stages().gelu(x.view());
    x.expect_near(reference::gelu(before), 1e-6);
    Tile t(4, width, 8);
    const Matrix<double> inner = t.matrix();
    stages().tanh(t.view());
    t.expect_near(reference::tanh(inner), 1e-6);
  }
}

TEST_P(SimdRowsTest, TheSlopeOfGeluEqualsItsFormula) {
  for (const std::int64_t width : {1, 7, 16, 40, 401}) {
    Tile x(2, width, 7), gradient(2, width, 8);
    for (std::int64_t j = 0; j < width; ++j) x.row(1)[j] = 0.1F * static_cast<float>(j - 200);
    const Matrix<double> before = x.matrix();
    Matrix<double> through = gradient.matrix();
    for (std::int64_t r = 0; r < 2; ++r) {
      for (std::int64_t j = 0; j < width; ++j) {
        const double z = before(r, j), root = std::sqrt(2.0);
        const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
        through(r, j) *= 0.5 * std::erfc(-z / root) + z * density;
      }
    }
    const std::int64_t stride = padded(width);
    stages().gelu_backward({x.row(0), stride, 2, width, x.row(0), stride, gradient.row(0), stride});
    x.expect_near(reference::gelu(before), 2e-6);
    gradient.expect_near(through, 2e-6);
  }
}

TEST_P(SimdRowsTest, ElementsAtTheEndsOfTheNumbers) {
  constexpr float kMost = std::numeric_limits<float>::max();
  std::vector<float> values = {0,   -0.0F, 1e-30F, -1e-30F, 5.65F,  -5.65F,       30,
                               -30, 100,   -100,   kMost,   -kMost, std::nanf("")};
  const auto count = static_cast<std::int64_t>(values.size());
  values.resize(static_cast<std::size_t>(padded(count)), 0.0F);
  std::vector<float> gelu = values, tanh = values;
  stages().gelu({gelu.data(), padded(count), 1, count});
  stages().tanh({tanh.data(), padded(count), 1, count});
  for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(count); ++i) {
    const double x = values[i];
    EXPECT_NEAR(tanh[i], std::tanh(x), 1e-6) << x;
    EXPECT_NEAR(gelu[i], x * 0.5 * std::erfc(-x / std::sqrt(2.0)), 1e-6 + 1e-7 * std::fabs(x)) << x;
  }
  EXPECT_TRUE(std::isnan(tanh[static_cast<std::size_t>(count) - 1]));
  EXPECT_TRUE(std::isnan(gelu[static_cast<std::size_t>(count) - 1]));
}

TEST_P(SimdRowsTest, ShortElementsAreNearTheReference) {
  constexpr std::int64_t kWidth = 401;
  for (const bool is_gelu : {true, false}) {
    Tile x(2, kWidth, 7);
    for (std::int64_t j = 0; j < kWidth; ++j) x.row(1)[j] = 0.1F * static_cast<float>(j - 200);
    const Matrix<double> before = x.matrix();
    (is_gelu ? stages().short_gelu : stages().short_tanh)(x.view(), {});
    x.expect_near(is_gelu ? reference::gelu(before) : reference::tanh(before), 3e-4);
  }
  std::vector<float> values = {0, -30, 100, -100, std::nanf("")};
  values.resize(static_cast<std::size_t>(padded(5)), 0.0F);
  std::vector<float> gelu = values, tanh = values;
  stages().short_gelu({gelu.data(), padded(5), 1, 5}, {});
  stages().short_tanh({tanh.data(), padded(5), 1, 5}, {});
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(gelu[i], std::max(values[i], 0.0F), 1e-4);
    EXPECT_NEAR(tanh[i], std::tanh(values[i]), 1e-4);
  }
  EXPECT_TRUE(std::isnan(tanh[4]));
  EXPECT_TRUE(std::isnan(gelu[4]));
}

// What a stage leaves in a short format is what the stage of that format makes of its rows.
TEST_P(SimdRowsTest, PackedRowsAreTheRowsRounded) {
  for (const std::int64_t width : {1, 15, 32, 33, 70, 100}) {
    const std::vector<float> ones(static_cast<std::size_t>(padded(width)), 1.0F);
    for (const std::int64_t rows : {1, 4, 7}) {
      for (const bool quads : {false, true}) {
        const std::int64_t stride = quads ? quads_of(width) + 1 : padded(width) / 2;
        const auto expect_packed = [&](Tile& y, const std::vector<std::uint32_t>& found) {
          std::vector<std::uint32_t> expected(found.size(), 7);
          if (quads) {
            stages().quad_rows({y.row(0), y.stride(), rows, width, expected.data(), stride});
          } else {
            stages().pair_rows({y.row(0), y.stride(), rows, width, expected.data(), stride});
          }
          EXPECT_EQ(found, expected) << width << " " << rows << " " << quads;
        };
        std::vector<std::uint32_t> packed(static_cast<std::size_t>(rows * stride), 9);
        Tile x(rows, width, 1), change(rows, width, 2), y(rows, width, 3);
        for (const bool has_change : {false, true}) {
          for (const bool is_normed : {false, true}) {
            stages().add_norm({x.row(0),
                               has_change ? change.row(0) : nullptr,
                               x.stride(),
                               change.stride(),
                               rows,
                               width,
                               is_normed ? ones.data() : nullptr,
                               ones.data(),
                               1e-3F,
                               y.row(0),
                               y.stride(),
                               {packed.data(), stride, quads}});
            expect_packed(y, packed);
          }
        }
        stages().short_gelu(x.view(), {packed.data(), stride, quads});
        expect_packed(x, packed);
        stages().short_tanh(change.view(), {packed.data(), stride, quads});
        expect_packed(change, packed);
      }
    }
  }
}

// Steps over the tokens together are the softmax over all of them.
TEST_P(SimdRowsTest, SoftmaxInStepsEqualsTheReference) {
  for (std::int64_t heads : {1, 3, 8, 16, 17, 33}) {
    constexpr std::int64_t kTokens = 23;
    const std::int64_t stride = padded(heads);
    std::vector<float> scores(static_cast<std::size_t>(kTokens * stride), 0.0F);
    Matrix<double> matrix(kTokens, heads);
    Random random(11);
    for (std::int64_t i = 0; i < kTokens; ++i) {
      for (std::int64_t h = 0; h < heads; ++h) {
        const double score = random.normal() * (h % 3 == 0 ? 60 : 2);
        scores[static_cast<std::size_t>(i * stride + h)] = static_cast<float>(score);
        matrix(i, h) = static_cast<float>(score);
      }
    }
    std::vector<float> largest(static_cast<std::size_t>(stride),
                               std::numeric_limits<float>::lowest());
    std::vector<float> total(largest.size(), 0.0F), shrink(largest.size());
    std::vector<double> factor(static_cast<std::size_t>(kTokens * heads), 1.0);
    for (std::int64_t begin = 0; begin < kTokens; begin += 5) {
      const std::int64_t tokens = std::min<std::int64_t>(5, kTokens - begin);
      stages().softmax_step({scores.data() + begin * stride, stride, tokens, heads, largest.data(),
                             total.data(), shrink.data()});
      for (std::int64_t i = 0; i < begin; ++i) {
        for (std::int64_t h = 0; h < heads; ++h) {
          factor[static_cast<std::size_t>(i * heads + h)] *= shrink[static_cast<std::size_t>(h)];
        }
      }
    }
    const Matrix<double> expected = reference::softmax_over_tokens(matrix);
    for (std::int64_t i = 0; i < kTokens; ++i) {
      for (std::int64_t h = 0; h < heads; ++h) {
        const double weight = scores[static_cast<std::size_t>(i * stride + h)] *
                              factor[static_cast<std::size_t>(i * heads + h)] /
                              total[static_cast<std::size_t>(h)];
        ASSERT_NEAR(weight, expected(i, h), 2e-6) << heads << " heads";
      }
    }
  }
}

TEST_P(SimdRowsTest, DotsScalingsAndMaxima) {
  for (std::int64_t width = 1; width <= 40; ++width) {
    Tile weights(6, width, 1), vectors(3, width, 2), y(6, width, 3);
    const std::vector<float> bias = padded_values(6, 4), factors = padded_values(width, 5);
    std::vector<float> dots(6), most(static_cast<std::size_t>(padded(width)), -1.0F);
    stages().row_dots({weights.row(0), weights.stride(), 6, width, vectors.row(0), vectors.stride(),
                       2, bias.data(), dots.data()});
    stages().scale(
        {weights.row(0), weights.stride(), 6, width, factors.data(), false, y.row(0), y.stride()});
    stages().largest(weights.view(), most.data());
    for (std::int64_t i = 0; i < 6; ++i) {
      double sum = bias[static_cast<std::size_t>(i)];
      for (std::int64_t j = 0; j < width; ++j) {
        sum += static_cast<double>(weights.row(i)[j]) * vectors.row(i / 2)[j];
        ASSERT_EQ(y.row(i)[j], weights.row(i)[j] * factors[static_cast<std::size_t>(j)]);
        ASSERT_GE(most[static_cast<std::size_t>(j)], weights.row(i)[j]);
      }
      ASSERT_NEAR(dots[static_cast<std::size_t>(i)], sum, 1e-4);
    }
    const std::vector<float> by_row = padded_values(6, 6);
    stages().scale(
        {weights.row(0), weights.stride(), 6, width, by_row.data(), true, y.row(0), y.stride()});
    ASSERT_EQ(y.row(5)[0], weights.row(5)[0] * by_row[5]);
  }
}

TEST_P(SimdRowsTest, WhatIsNoNumberIsTheMaximumWhereverItStands) {
  for (std::int64_t at = 0; at < 3; ++at) {
    Tile rows(3, 21, 1);
    rows.row(at)[17] = std::nanf("");
    std::vector<float> most(static_cast<std::size_t>(padded(21)), -1.0F);
    stages().largest(rows.view(), most.data());
    ASSERT_TRUE(std::isnan(most[17]));
    ASSERT_FALSE(std::isnan(most[16]));
    rows.row(at)[17] = 1;
    stages().largest(rows.view(), most.data());
    ASSERT_TRUE(std::isnan(most[17])) << "what was no number stays none";
  }
}

// The middle rows of a document, convolved and gated with the neighbours that they have.
TEST_P(SimdRowsTest, ConvolutionEqualsTheReference) {
  constexpr std::int64_t kTokens = 9;
  for (const std::int64_t reach : {0, 1, 3, 12}) {
    for (const std::int64_t width : {1, 8, 16, 21, 40}) {
      Tile x(kTokens, width, 1), taps(2 * reach + 1, width, 2), gates(2 * reach + 1, width, 3);
      const std::vector<float> bias = padded_values(width, 4);
      const std::vector<double> wide_bias(bias.begin(), bias.end());
      const Matrix<double> wide_taps = taps.matrix(), wide_gates = gates.matrix();
      const reference::LocalWeights<double> weights{{wide_taps.view(), wide_bias.data()},
                                                    {wide_gates.view(), wide_bias.data()}};
      for (const std::int64_t begin : {0, 2, 8}) {
        const std::int64_t rows = std::min<std::int64_t>(4, kTokens - begin);
        Tile sums(rows, width, 5), gate(rows, width, 5), y(rows, width, 5);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < width; ++j) sums.row(i)[j] = gate.row(i)[j] = 0;
        }
        const Matrix<double> before = y.matrix();
        Convolution stage{x.row(begin),
                          x.stride(),
                          rows,
                          width,
                          std::min(reach, begin),
                          std::min(reach, kTokens - begin - rows),
                          taps.row(0),
                          taps.stride(),
                          reach,
                          bias.data(),
                          sums.row(0),
                          sums.stride()};
        stages().convolve(stage);
        stage.taps = gates.row(0);
        stage.y = gate.row(0);
        stages().convolve(stage);
        stages().gate({sums.row(0), gate.row(0), y.row(0), y.stride(), rows, width});
        const Matrix<double> all = reference::local_branch(weights, Local::kGated, x.matrix());
        Matrix<double> expected(rows, width);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < width; ++j)
            expected(i, j) = before(i, j) + all(begin + i, j);
        }
        y.expect_near(expected, 1e-4);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, SimdRowsTest, testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name_of(set.param)); });

TEST(InstructionSetTest, IsChosenByName) {
  EXPECT_EQ(instruction_set_named("portable"), InstructionSet::kPortable);
  EXPECT_EQ(instruction_set_named(""), available_instruction_sets().back());
  for (const InstructionSet set : available_instruction_sets()) {
    EXPECT_EQ(instruction_set_named(name_of(set)), set);
  }
  EXPECT_ERROR(instruction_set_named("sse9"), "FASTFORMER_ISA");
  EXPECT_ERROR(instruction_set_named("AVX2"), "avx2");
}

}  // namespace
}  // namespace fastformer::kernels
