// bfloat16 in pairs: the same bits on every instruction set, those of a plain loop, with nothing
// aligned.
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

float without_denormals(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? 0.0F * x : x; }

// To nearest, ties to even, by choosing between the two neighbours.
std::uint32_t rounded(float x) {
  x = without_denormals(x);
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return bits >> 16 | 0x40;
  const std::uint32_t rest = bits & 0xffff;
  const bool up = rest > 0x8000 || (rest == 0x8000 && (bits >> 16 & 1) != 0);
  return (bits >> 16) + (up ? 1 : 0);
}

float number(std::uint32_t half) { return std::bit_cast<float>(half << 16); }

// Numbers of all sizes, with those at the edges among them.
Unaligned<float> varied_values(std::int64_t count, std::uint64_t seed) {
  constexpr float kEdges[] = {0.0F,   -0.0F,       1e-39F,      -1e-40F, 1.1754944e-38F,
                              3e-20F, 1.00390625F, 1.01171875F, 6e20F,   -2e-19F};
  Random random(seed);
  Unaligned<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(random.below(8) == 0 ? kEdges[random.below(std::size(kEdges))]
                                          : static_cast<float>(random.normal()));
  }
  return values;
}

class SimdPairsTest : public testing::TestWithParam<InstructionSet> {
 protected:
  const Stages& stages() const { return stages_of(GetParam()); }
};

TEST_P(SimdPairsTest, RowsAreRounded) {
  Unaligned<float> values = varied_values(64 * 96, 1);
  values[5] = std::numeric_limits<float>::infinity();
  values[6] = std::numeric_limits<float>::max();
  values[7] = std::nanf("");
  for (const std::int64_t width : {1, 2, 31, 32, 33, 64}) {
    Unaligned<float> x = values;
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = width; j < 96; ++j) x[static_cast<std::size_t>(i * 96 + j)] = 0;
    }
    Unaligned<Pair> pairs(3 * 48, 0);
    stages().pair_rows({x.data(), 96, 3, width, pairs.data(), 48});
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      ASSERT_EQ(pairs[k], rounded(x[2 * k]) | rounded(x[2 * k + 1]) << 16) << width << " " << k;
    }
  }
}

TEST_P(SimdPairsTest, NumbersComeBack) {
  for (const std::int64_t width : {1, 31, 32, 33, 64}) {
    Unaligned<Pair> pairs(3 * 48);
    Random random(7);
    for (Pair& pair : pairs) pair = static_cast<Pair>(random.below(std::uint64_t{1} << 32));
    Unaligned<float> numbers(3 * 97, 5);
    stages().pair_numbers({pairs.data(), 48, 3, width, numbers.data(), 97});
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = 0; j < 97; ++j) {
        const float found = numbers[static_cast<std::size_t>(i * 97 + j)];
        const Pair pair = j < 96 ? pairs[static_cast<std::size_t>(i * 48 + j / 2)] : 0;
        const float expected = j < padded(width) ? number(pair >> 16 * (j % 2) & 0xffff) : 5;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(found), std::bit_cast<std::uint32_t>(expected));
      }
    }
  }
}

TEST_P(SimdPairsTest, PanelsAreRounded) {
  for (const std::int64_t inputs : {1, 2, 5, 8}) {
    const std::int64_t outputs = 40, halves = padded(inputs) / 2;
    const Unaligned<float> panels = varied_values(2 * inputs * kPanel, 2);
    Unaligned<Pair> pairs(static_cast<std::size_t>(2 * halves * kPanel), 77);
    stages().pair_panels({panels.data(), inputs, outputs, pairs.data()});
    for (std::int64_t p = 0; p < 2; ++p) {
      for (std::int64_t k = 0; k < halves; ++k) {
        for (std::int64_t j = 0; j < kPanel; ++j) {
          const auto at = [&](std::int64_t row) {
            return row < inputs
                       ? rounded(panels[static_cast<std::size_t>((p * inputs + row) * kPanel + j)])
                       : 0;
          };
          ASSERT_EQ(pairs[static_cast<std::size_t>((p * halves + k) * kPanel + j)],
                    at(2 * k) | at(2 * k + 1) << 16);
        }
      }
    }
  }
}

TEST_P(SimdPairsTest, ProductsAreTheInstructionsToTheBit) {
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 12, 13, 16, 30, 32, 33, 49}) {
    for (const std::int64_t pairs : {16, 48}) {
      for (const std::int64_t outputs : {1, 8, 16, 17, 33}) {
        const auto numbers = [](std::int64_t count, std::uint64_t seed) {
          Unaligned<Pair> result;
          const Unaligned<float> values = varied_values(2 * count, seed);
          for (std::size_t k = 0; k < values.size(); k += 2) {
            result.push_back(rounded(values[k]) | rounded(values[k + 1]) << 16);
          }
          return result;
        };
        const Unaligned<Pair> x = numbers(rows * pairs, 3);
        const Unaligned<Pair> panels = numbers(padded(outputs) * pairs, 4);
        const Unaligned<float> start = unaligned(normal_values<float>(padded(outputs), 5));
        Unaligned<float> y(static_cast<std::size_t>(rows * padded(outputs)), 0.0F);
        PairProduct product;
        product.x = x.data();
        product.x_stride = product.inputs = pairs;
        product.rows = rows;
        product.panels = panels.data();
        product.outputs = outputs;
        product.start = start.data();
        product.y = y.data();
        product.y_row = padded(outputs);
        stages().pair_product(product);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t o = 0; o < outputs; ++o) {
            float sum = start[static_cast<std::size_t>(o)], first = 0, second = 0;
            for (std::int64_t k = 0; k < pairs; ++k) {
              const Pair a = x[static_cast<std::size_t>(i * pairs + k)];
              const Pair b =
                  panels[static_cast<std::size_t>((o / kPanel * pairs + k) * kPanel + o % kPanel)];
              if (GetParam() != InstructionSet::kAmx) {
                sum = std::fma(number(a >> 16), number(b >> 16), sum);
                sum = std::fma(number(a & 0xffff), number(b & 0xffff), sum);
                continue;
              }
              first = std::fma(number(a & 0xffff), number(b & 0xffff), first);
              second = std::fma(number(a >> 16), number(b >> 16), second);
              if (k % 16 != 15) continue;
              sum += first + second;
              first = second = 0;
            }
            ASSERT_EQ(y[static_cast<std::size_t>(i * padded(outputs) + o)], sum)
                << rows << " x " << pairs << " x " << outputs;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, SimdPairsTest, testing::ValuesIn(available_instruction_sets()),
                         [](const auto& set) { return std::string(name_of(set.param)); });

}  // namespace
}  // namespace fastformer::kernels
