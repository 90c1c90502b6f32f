// Each switch of the reference is a special case of another setting, or its formula by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/reference/attention.h"
#include "kernels/reference/encoder.h"
#include "kernels/reference/operations.h"
#include "kernels/reference_weights.h"

namespace fastformer::kernels::reference {
namespace {

// An attention layer of two heads and an input.
class ReferenceSwitchesTest : public testing::Test {
 protected:
  LayerWeights<double> layer() {
    return layer_weights<double>(a_, "encoder.layer.0.",
                                 [this](const std::string& name) { return tensors_(name); });
  }
  std::vector<double> output() { return attention(layer().attention, a_.attention, x_).elements(); }
  double* tensor(const std::string& name) { return tensors_("encoder.layer.0.attention." + name); }
  // Copies `count` elements from one tensor into another.
  void copy(const std::string& from, const std::string& to, std::int64_t count) {
    std::copy_n(tensor(from), count, tensor(to));
  }

  Architecture a_ = small_architecture();
  RandomTensors<double> tensors_{a_, 1};
  Matrix<double> x_ = random_matrix<double>(7, a_.width, 2);
};

TEST_F(ReferenceSwitchesTest, ASharedValueIsAValueWithTheQuerysWeights) {
  const std::vector<double> shared = output();
  a_.attention.share_query_value = false;
  copy("query.weight", "value.weight", a_.width * a_.width);
  copy("query.bias", "value.bias", a_.width);
  expect_close(shared, output(), 1e-14);
}

TEST_F(ReferenceSwitchesTest, SharedHeadsAreRepeatedRows) {
  a_.attention.share_heads = true;
  a_.attention.share_query_value = false;
  const std::vector<double> shared = output();
  a_.attention.share_heads = false;
  const std::int64_t head_width = a_.width / 2;
  for (const std::string name : {"query", "key", "value"}) {
    double* weight = tensor(name + ".weight");
    std::copy_n(weight, head_width * a_.width, weight + head_width * a_.width);
    std::copy_n(tensor(name + ".bias"), head_width, tensor(name + ".bias") + head_width);
  }
  expect_close(shared, output(), 1e-14);
}

TEST_F(ReferenceSwitchesTest, ASliceScoreIsAWholeScoreWithZerosElsewhere) {
  a_.attention.head_scores = HeadScores::kSlice;
  const std::vector<double> slice = output();
  a_.attention.head_scores = HeadScores::kWhole;
  const std::int64_t head_width = a_.width / 2;
  for (const char* name : {"query_score.weight", "key_score.weight"}) {
    const std::vector<double> before(tensor(name), tensor(name) + a_.width);
    std::fill_n(tensor(name), 2 * a_.width, 0.0);
    for (std::int64_t h = 0; h < 2; ++h) {
      std::copy_n(before.data() + h * head_width, head_width,
                  tensor(name) + h * a_.width + h * head_width);
    }
  }
  expect_close(slice, output(), 1e-14);
}

TEST_F(ReferenceSwitchesTest, ASumIsAConcatenationThroughTwoIdentities) {
  a_.attention.interaction = Interaction::kSum;
  const std::vector<double> sum = output();
  a_.attention.interaction = Interaction::kConcatenation;
  for (const std::string name : {"key_interaction", "value_interaction"}) {
    double* weight = tensor(name + ".weight");
    std::fill_n(weight, 2 * a_.width * a_.width, 0.0);
    for (std::int64_t j = 0; j < a_.width; ++j) {
      weight[j * 2 * a_.width + j] = weight[j * 2 * a_.width + a_.width + j] = 1;
    }
    std::fill_n(tensor(name + ".bias"), a_.width, 0.0);
  }
  expect_close(sum, output(), 1e-14);
}

// Q o k_i goes where K o v_i went.
TEST_F(ReferenceSwitchesTest, WithoutAGlobalKeyTheKeysAreTheValues) {
  a_.attention.global_key = false;
  const AttentionWeights<double> w = layer().attention;
  const AttentionStates<double> s = attention_states(w, a_.attention, x_);
  EXPECT_EQ(s.key_sum.global.size(), 0);
  Matrix<double> met = linear(w.key, x_);
  for (std::int64_t i = 0; i < met.rows(); ++i) {
    for (std::int64_t j = 0; j < met.columns(); ++j) {
      met(i, j) *= s.query_sum.global[static_cast<std::size_t>(j)];
    }
  }
  const Matrix<double> mixed = add(linear(w.transform, met), linear(w.query, x_));
  expect_close(linear(w.output, mixed).elements(), output(), 1e-14);
}

// The global vector stands first: with its half of the product at 0, K no longer matters, nor does
// anything that only K depends on.
TEST_F(ReferenceSwitchesTest, AConcatenationBeginsWithTheGlobalVector) {
  a_.attention.interaction = Interaction::kConcatenation;
  double* weight = tensor("value_interaction.weight");
  for (std::int64_t j = 0; j < a_.width; ++j) std::fill_n(weight + j * 2 * a_.width, a_.width, 0.0);
  const std::vector<double> before = output();
  tensor("key.weight")[0] += 1;
  expect_close(before, output(), 0);
  weight[0] = 1;
  const std::vector<double> with_global = output();
  tensor("key.weight")[0] += 1;
  EXPECT_NE(with_global, output());
}

TEST_F(ReferenceSwitchesTest, BlocksAreTheirFormulas) {
  for (NormPlacement norm : {NormPlacement::kPost, NormPlacement::kPre, NormPlacement::kNone}) {
    for (int choice = 0; choice < 4; ++choice) {
      a_.norm = norm;
      a_.residual = choice & 1;
      a_.feed_forward = choice & 2 ? 6 : 0;
      const LayerWeights<double> w = layer();
      const auto o = [&](const Matrix<double>& x) {
        return attention(w.attention, a_.attention, x);
      };
      const auto ff = [&](const Matrix<double>& x) {
        return linear(w.outer, gelu(linear(w.inner, x)));
      };
      const auto ln = [&](const Norm<double>& n, const Matrix<double>& x) {
        return layer_norm(n, a_.norm_epsilon, x);
      };
      const auto plus = [&](const Matrix<double>& change, const Matrix<double>& x) {
        return a_.residual ? add(change, x) : change;
      };
      Matrix<double> x1, x2;
      if (norm == NormPlacement::kPost) {
        x1 = ln(w.attention_norm, plus(o(x_), x_));
        x2 = choice & 2 ? ln(w.feed_forward_norm, plus(ff(x1), x1)) : x1;
      } else if (norm == NormPlacement::kPre) {
        x1 = plus(o(ln(w.attention_norm, x_)), x_);
        x2 = choice & 2 ? plus(ff(ln(w.feed_forward_norm, x1)), x1) : x1;
      } else {
        x1 = plus(o(x_), x_);
        x2 = choice & 2 ? plus(ff(x1), x1) : x1;
      }
      expect_close(x2.elements(), block(w, a_, x_).elements(), 1e-14);
    }
  }
}

TEST(ReferenceOperationsTest, LayerNormHasABiasedVarianceAndItsEpsilonInsideTheRoot) {
  const std::vector<double> scale = {2, 2}, shift = {0.5, 0.5};
  const Norm<double> norm{scale.data(), shift.data()};
  Matrix<double> x(2, 2);
  x(0, 0) = 3;
  x(0, 1) = 1;  // mean 2, variance 1
  x(1, 0) = x(1, 1) = 7;
  const Matrix<double> y = layer_norm(norm, 3, x);
  EXPECT_DOUBLE_EQ(y(0, 0), 1.5);
  EXPECT_DOUBLE_EQ(y(0, 1), -0.5);
  EXPECT_EQ(layer_norm(norm, 1e-12, x)(1, 0), 0.5);
}

TEST(ReferenceOperationsTest, GeluIsExact) {
  Matrix<double> x(1, 3);
  x(0, 0) = 1;
  x(0, 1) = -1;
  const Matrix<double> y = gelu(x);
  EXPECT_NEAR(y(0, 0), 0.841344746068542948585, 1e-15);
  EXPECT_NEAR(y(0, 1), -0.158655253931457051415, 1e-15);
  EXPECT_EQ(y(0, 2), 0);
}

}  // namespace
}  // namespace fastformer::kernels::reference
