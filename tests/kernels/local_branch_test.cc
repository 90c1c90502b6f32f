// The local branch of the reference: its formula by hand, and the kernel against it.
#include "kernels/reference/local.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/depthwise_convolution.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels::reference {
namespace {

constexpr std::int64_t kChannels = 5;

// Weights of the branch that the test keeps.
struct Branch {
  Branch(std::int64_t taps, std::uint64_t seed)
      : convolution(random_matrix<double>(taps, kChannels, seed)),
        gate(random_matrix<double>(taps, kChannels, seed + 1)),
        biases(random_matrix<double>(2, kChannels, seed + 2)) {}
  LocalWeights<double> weights() const {
    return {{convolution.view(), biases.row(0)}, {gate.view(), biases.row(1)}};
  }
  Matrix<double> convolution, gate, biases;
};

TEST(LocalBranchTest, HasItsFormula) {
  const Branch branch(3, 1);
  const Matrix<double> x = random_matrix<double>(3, kChannels, 7);
  for (std::int64_t j = 0; j < kChannels; ++j) {
    const auto sum = [&](const Matrix<double>& w, std::int64_t bias) {
      return branch.biases(bias, j) + w(0, j) * x(1, j) + w(1, j) * x(2, j);  // nothing follows
    };
    const auto at = static_cast<std::size_t>(j);
    const double plain = sum(branch.convolution, 0), gate = sum(branch.gate, 1);
    EXPECT_NEAR(local_change(branch.weights(), Local::kConvolution, x, 2)[at], plain, 1e-14);
    EXPECT_NEAR(local_change(branch.weights(), Local::kGated, x, 2)[at],
                plain / (1 + std::exp(-gate)), 1e-14);
  }
}

TEST(LocalBranchTest, TheKernelIsTheReferenceForEveryLength) {
  std::vector<std::int64_t> offsets = {0};
  for (std::int64_t length = 0; length <= 70; ++length) offsets.push_back(offsets.back() + length);
  const Matrix<double> rows = random_matrix<double>(offsets.back(), kChannels, 3);
  for (std::int64_t taps : {1, 3, 7, 15, 141}) {
    const Branch branch(taps, 5);
    Matrix<double> found(rows.rows(), kChannels);
    depthwise_convolution<double>(
        offsets, rows.view(), branch.convolution.view(),
        std::span(branch.biases.row(0), static_cast<std::size_t>(kChannels)),
        {found.elements().data(), found.rows(), kChannels}, serial_for());
    for (std::size_t b = 0; b + 1 < offsets.size(); ++b) {
      const Matrix<double> document(rows.view().rows_between(offsets[b], offsets[b + 1]));
      const Matrix<double> expected = local_branch(branch.weights(), Local::kConvolution, document);
      for (std::int64_t i = 0; i < document.rows(); ++i) {
        for (std::int64_t j = 0; j < kChannels; ++j) {
          ASSERT_DOUBLE_EQ(found(offsets[b] + i, j), expected(i, j)) << taps << " taps";
        }
      }
    }
  }
}

TEST(LocalBranchTest, AZeroGateIsHalfTheConvolution) {
  Branch branch(5, 2);
  branch.gate = Matrix<double>(5, kChannels);
  std::fill_n(branch.biases.row(1), kChannels, 0.0);
  const Matrix<double> x = random_matrix<double>(9, kChannels, 4);
  const Matrix<double> gated = local_branch(branch.weights(), Local::kGated, x);
  const Matrix<double> plain = local_branch(branch.weights(), Local::kConvolution, x);
  for (std::size_t n = 0; n < plain.elements().size(); ++n) {
    EXPECT_DOUBLE_EQ(gated.elements()[n], plain.elements()[n] / 2);
  }
}

}  // namespace
}  // namespace fastformer::kernels::reference
