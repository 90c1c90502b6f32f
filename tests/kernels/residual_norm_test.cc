// Dropout, residual sum and norm against the same written out plainly in float64.
#include "kernels/residual_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "random_values.h"

namespace fastformer::kernels {
namespace {

// One element past the beginning of a row, so that no row is aligned.
struct Rows {
  std::int64_t rows, columns;
  std::vector<float> values;

  Rows(std::int64_t rows_in, std::int64_t columns_in, std::uint64_t seed)
      : rows(rows_in),
        columns(columns_in),
        values(normal_values<float>(1 + rows * columns, seed)) {}
  MatrixView<float> view() { return {values.data() + 1, rows, columns}; }
  std::span<float> span() { return {values.data() + 1, values.size() - 1}; }
  double at(std::int64_t r, std::int64_t c) const {
    return values[static_cast<std::size_t>(1 + r * columns + c)];
  }
};

struct Part {
  Rows hidden, change, weight, bias, upstream;
  Rows sum, moments, output, hidden_gradient, change_gradient, weight_gradient, bias_gradient;
  DropoutRule rule;

  Part(std::int64_t tokens, std::int64_t width, const DropoutRule& rule_in)
      : hidden(tokens, width, 1),
        change(tokens, width, 2),
        weight(1, width, 3),
        bias(1, width, 4),
        upstream(tokens, width, 5),
        sum(tokens, width, 6),
        moments(tokens, 2, 7),
        output(tokens, width, 8),
        hidden_gradient(tokens, width, 9),
        change_gradient(tokens, width, 10),
        weight_gradient(1, width, 11),
        bias_gradient(1, width, 12),
        rule(rule_in) {}

  void run(const ParallelFor& threads) {
    const ResidualNorm<float> norm = {weight.span(), bias.span(), 1e-3, rule};
    residual_norm<float>(norm, hidden.view(), change.view(),
                         {sum.view(), moments.view(), output.view()}, threads);
    residual_norm_backward<float>(norm, {sum.view(), moments.view(), {}}, upstream.view(),
                                  {hidden_gradient.view(), change_gradient.view(),
                                   weight_gradient.span(), bias_gradient.span()},
                                  threads);
  }
};

// Compares everything that `run` found.
void expect_plain(const Part& part) {
  const std::int64_t tokens = part.hidden.rows, width = part.hidden.columns;
  const double n = static_cast<double>(width);
  DropoutFactors<float> factors(part.rule, width);
  std::vector<double> weight(static_cast<std::size_t>(width)), bias(weight.size());
  for (std::int64_t i = 0; i < tokens; ++i) {
    const float* factor = factors.row(i);
    std::vector<double> sum, x, g;
    double mean = 0, variance = 0, mean_g = 0, mean_gx = 0;
    for (std::int64_t j = 0; j < width; ++j) {
      sum.push_back(part.hidden.at(i, j) + part.change.at(i, j) * factor[j]);
      mean += sum.back() / n;
    }
    for (const double value : sum) variance += (value - mean) * (value - mean) / n;
    const double scale = 1 / std::sqrt(variance + 1e-3);
    for (std::int64_t j = 0; j < width; ++j) {
      x.push_back((sum[static_cast<std::size_t>(j)] - mean) * scale);
      g.push_back(part.upstream.at(i, j) * part.weight.at(0, j));
      mean_g += g.back() / n;
      mean_gx += g.back() * x.back() / n;
    }
    for (std::int64_t j = 0; j < width; ++j) {
      const auto place = static_cast<std::size_t>(j);
      ASSERT_NEAR(part.output.at(i, j), x[place] * part.weight.at(0, j) + part.bias.at(0, j), 1e-4);
      const double gradient = scale * (g[place] - mean_g - x[place] * mean_gx);
      ASSERT_NEAR(part.hidden_gradient.at(i, j), gradient, 1e-4 * (1 + scale)) << i << " " << j;
      ASSERT_NEAR(part.change_gradient.at(i, j), gradient * factor[j],
                  1e-4 * (1 + scale) * (1 + factor[j]));
      weight[place] += part.upstream.at(i, j) * x[place];
      bias[place] += part.upstream.at(i, j);
    }
  }
  for (std::int64_t j = 0; j < width; ++j) {
    ASSERT_NEAR(part.weight_gradient.at(0, j), weight[static_cast<std::size_t>(j)], 1e-2);
    ASSERT_NEAR(part.bias_gradient.at(0, j), bias[static_cast<std::size_t>(j)], 1e-2);
  }
}

TEST(ResidualNormTest, EqualsThePlainFormulaAtEveryWidth) {
  for (std::int64_t width = 2; width <= 70; ++width) {
    Part part(7, width, {0.3, 1, {}});
    part.run(serial_for());
    expect_plain(part);
  }
}

TEST(ResidualNormTest, ThreadsAndDocumentsChangeNothing) {
  ThreadPool pool(4);
  const std::vector<std::int64_t> offsets = {0, 0, 3, 3, 301, 650, 650, 700, 700};
  for (const double rate : {0.0, 0.4, 1.0}) {
    for (const bool by_document : {false, true}) {
      const DropoutRule rule = {rate, 5,
                                by_document ? std::span(offsets) : std::span<const std::int64_t>()};
      Part serial(700, 20, rule), parallel(700, 20, rule);
      serial.run(serial_for());
      expect_plain(serial);
      parallel.run(pool.parallel_for());
      EXPECT_EQ(serial.output.values, parallel.output.values);
      EXPECT_EQ(serial.hidden_gradient.values, parallel.hidden_gradient.values);
      EXPECT_EQ(serial.change_gradient.values, parallel.change_gradient.values);
      EXPECT_EQ(serial.weight_gradient.values, parallel.weight_gradient.values);
      EXPECT_EQ(serial.bias_gradient.values, parallel.bias_gradient.values);
    }
  }
}

TEST(ResidualNormTest, NoTokensGiveNoGradient) {
  Part part(0, 5, {0.3, 1, {}});
  part.run(serial_for());
  EXPECT_EQ(part.weight_gradient.at(0, 3), 0);
  EXPECT_EQ(part.bias_gradient.at(0, 3), 0);
}

}  // namespace
}  // namespace fastformer::kernels
