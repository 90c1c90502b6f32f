// Whole numbers in quads: the same bits on every instruction set, those of a plain loop, with
// nothing aligned.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/simd/dispatch.h"
#include "random_values.h"
#include "unaligned.h"

namespace fastformer::kernels {
namespace {

// Numbers of 8 bits and what one of them stands for.
struct Numbers {
  std::vector<int> values;
  float scale = 0;
};

Numbers numbers_of(const std::vector<float>& x) {
  Numbers numbers;
  float most = 0;
  for (const float value : x) {
    if (!std::isfinite(value)) return {{}, std::nanf("")};
    most = std::max(most, std::fabs(value));
  }
  if (most >= 1e-35F) numbers.scale = most / 127;
  for (const float value : x) {
    numbers.values.push_back(
        numbers.scale == 0 ? 0 : static_cast<int>(std::nearbyintf(value * (127 / most))));
  }
  return numbers;
}

int byte_of(Quad quad, std::int64_t i) { return static_cast<int>(quad >> 8 * i & 0xff); }

class SimdQuadsTest : public testing::TestWithParam<InstructionSet> {
 protected:
  const Stages& stages() const { return stages_of(GetParam()); }
};

void expect_row(const Unaligned<Quad>& quads, std::int64_t begin, std::int64_t inputs,
                const std::vector<float>& x) {
  const Numbers expected = numbers_of(x);
  const float scale = std::bit_cast<float>(quads[static_cast<std::size_t>(begin + inputs)]);
  if (std::isnan(expected.scale)) {
    EXPECT_TRUE(std::isnan(scale));
    return;
  }
  EXPECT_EQ(scale, expected.scale);
  for (std::int64_t j = 0; j < 4 * inputs; ++j) {
    const int value =
        j < static_cast<std::int64_t>(x.size()) ? expected.values[static_cast<std::size_t>(j)] : 0;
    ASSERT_EQ(byte_of(quads[static_cast<std::size_t>(begin + j / 4)], j % 4), value + 128) << j;
  }
}

TEST_P(SimdQuadsTest, RowsAreRounded) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t width : {1, 2, 31, 32, 33, 64, 65, 100, 128, 200}) {
    const std::int64_t stride = padded(width) + 3, inputs = quads_of(width), to = inputs + 5;
    std::vector<std::vector<float>> rows;
    for (const float factor : {1.0F, 1e-4F, 1e30F, 1e-37F, 0.0F}) {
      rows.push_back(normal_values<float>(width, static_cast<std::uint64_t>(width)));
      for (float& value : rows.back()) value *= factor;
    }
    for (const float special : {kInfinity, -kInfinity, std::nanf(""), 3e38F, -1e-42F}) {
      rows.push_back(rows.front());
      rows.back()[static_cast<std::size_t>(width / 2)] = special;
    }
    // Halves are rounded to even.
    rows.emplace_back(static_cast<std::size_t>(width), 127.0F);
    for (std::size_t j = 1; j < rows.back().size(); ++j) {
      rows.back()[j] = static_cast<float>(j % 127) - 62.5F;
    }
    Unaligned<float> x(rows.size() * static_cast<std::size_t>(stride), 0.0F);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i].begin(), rows[i].end(),
                x.begin() + static_cast<std::ptrdiff_t>(i) * stride);
    }
    Unaligned<Quad> quads(rows.size() * static_cast<std::size_t>(to), 77);
    stages().quad_rows(
        {x.data(), stride, static_cast<std::int64_t>(rows.size()), width, quads.data(), to});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      expect_row(quads, static_cast<std::int64_t>(i) * to, inputs, rows[i]);
    }
  }
}

TEST_P(SimdQuadsTest, PanelsAreRounded) {
  for (const std::int64_t inputs : {1, 2, 5, 64, 70}) {
    const std::int64_t outputs = 40, steps = quads_of(inputs);
    Unaligned<float> panels = unaligned(normal_values<float>(2 * inputs * kPanel, 2));
    panels[3] = 1000;
    Unaligned<Quad> quads(static_cast<std::size_t>(2 * steps * kPanel), 77);
    Unaligned<float> scales(2 * kPanel, 7);
    Unaligned<std::int32_t> zeros(2 * kPanel, 7);
    stages().quad_panels(
        {panels.data(), inputs, outputs, quads.data(), scales.data(), zeros.data()});
    for (std::int64_t o = 0; o < 2 * kPanel; ++o) {
      std::vector<float> column;
      for (std::int64_t k = 0; k < inputs; ++k) {
        column.push_back(
            panels[static_cast<std::size_t>((o / kPanel * inputs + k) * kPanel + o % kPanel)]);
      }
      const Numbers expected = numbers_of(column);
      EXPECT_EQ(scales[static_cast<std::size_t>(o)], expected.scale);
      int sum = 0;
      for (std::int64_t k = 0; k < 4 * steps; ++k) {
        const int value = k < inputs ? expected.values[static_cast<std::size_t>(k)] : 0;
        const Quad quad =
            quads[static_cast<std::size_t>((o / kPanel * steps + k / 4) * kPanel + o % kPanel)];
        ASSERT_EQ(static_cast<std::int8_t>(byte_of(quad, k % 4)), value) << k;
        sum += value;
      }
      EXPECT_EQ(zeros[static_cast<std::size_t>(o)], 128 * sum);
    }
  }
}

// Operands of [-127, 127]; `extreme` ones are of the largest magnitude, where narrow sums overflow.
class Operands {
 public:
  Operands(std::int64_t rows, std::int64_t inputs, std::int64_t outputs, bool extreme)
      : rows_(rows), inputs_(inputs), outputs_(outputs), extreme_(extreme) {
    for (std::int64_t i = 0; i < rows * 4 * inputs; ++i) x_.push_back(value());
    for (std::int64_t i = 0; i < outputs * 4 * inputs; ++i) weights_.push_back(value());
    x_quads_.assign(static_cast<std::size_t>(rows * stride()), 0);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t k = 0; k < 4 * inputs; ++k) {
        x_quads_[static_cast<std::size_t>(r * stride() + k / 4)] |= static_cast<Quad>(x(r, k) + 128)
                                                                    << 8 * (k % 4);
      }
      x_quads_[static_cast<std::size_t>(r * stride() + inputs)] = std::bit_cast<Quad>(scale(r));
    }
    panels_.assign(static_cast<std::size_t>(padded(outputs) * inputs), 0);
    zeros_.assign(static_cast<std::size_t>(padded(outputs)), 0);
    scales_ = unaligned(normal_values<float>(padded(outputs), 4));
    start_ = unaligned(normal_values<float>(padded(outputs), 5));
    for (std::int64_t o = 0; o < outputs; ++o) {
      for (std::int64_t k = 0; k < 4 * inputs; ++k) {
        panels_[static_cast<std::size_t>((o / kPanel * inputs + k / 4) * kPanel + o % kPanel)] |=
            (static_cast<Quad>(weight(o, k)) & 0xffU) << 8 * (k % 4);
        zeros_[static_cast<std::size_t>(o)] += 128 * weight(o, k);
      }
    }
  }

  Unaligned<float> product(const Stages& stages) const {
    Unaligned<float> y(static_cast<std::size_t>(rows_ * padded(outputs_)), 0.0F);
    QuadProduct product;
    product.x = x_quads_.data();
    product.x_stride = stride();
    product.rows = rows_;
    product.inputs = inputs_;
    product.panels = panels_.data();
    product.scales = scales_.data();
    product.zeros = zeros_.data();
    product.outputs = outputs_;
    product.start = start_.data();
    product.y = y.data();
    product.y_row = padded(outputs_);
    stages.quad_product(product);
    return y;
  }

  // Sums of 64 bits, then the same two multiplications.
  float expected(std::int64_t r, std::int64_t o) const {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < 4 * inputs_; ++k) sum += x(r, k) * weight(o, k);
    return start_[static_cast<std::size_t>(o)] +
           static_cast<float>(sum) * scales_[static_cast<std::size_t>(o)] * scale(r);
  }

 private:
  int value() {
    if (extreme_) return random_.below(8) == 0 ? -127 : 127;
    return static_cast<int>(random_.below(255)) - 127;
  }
  std::int64_t stride() const { return inputs_ + 3; }
  static float scale(std::int64_t row) { return 0.01F * static_cast<float>(row + 1); }
  int x(std::int64_t r, std::int64_t k) const {
    return x_[static_cast<std::size_t>(r * 4 * inputs_ + k)];
  }
  int weight(std::int64_t o, std::int64_t k) const {
    return weights_[static_cast<std::size_t>(o * 4 * inputs_ + k)];
  }

  std::int64_t rows_, inputs_, outputs_;
  bool extreme_;
  Random random_{3};
  std::vector<int> x_, weights_;
  Unaligned<Quad> x_quads_, panels_;
  Unaligned<std::int32_t> zeros_;
  Unaligned<float> scales_, start_;
};

TEST_P(SimdQuadsTest, ProductsAreExact) {
  for (const std::int64_t rows : {1, 2, 3, 5, 12, 13, 16, 17, 31, 32, 33, 49}) {
    for (const std::int64_t inputs : {kQuadStep, 3 * kQuadStep, 64 * kQuadStep}) {
      for (const std::int64_t outputs : {1, 8, 16, 17, 33, 70}) {
        if (inputs > 1000 && rows * outputs > 100) continue;
        for (const bool extreme : {false, true}) {
          const Operands operands(rows, inputs, outputs, extreme);
          const Unaligned<float> y = operands.product(stages());
          for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t o = 0; o < outputs; ++o) {
              ASSERT_EQ(y[static_cast<std::size_t>(r * padded(outputs) + o)],
                        operands.expected(r, o))
                  << rows << " x " << inputs << " x " << outputs << " at " << r << ", " << o;
            }
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, SimdQuadsTest, testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name_of(set.param)); });

}  // namespace
}  // namespace fastformer::kernels
