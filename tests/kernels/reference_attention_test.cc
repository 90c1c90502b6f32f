// What must hold for additive attention on any document: where its softmax runs, and its switches.
#include "kernels/reference/attention.h"

#include <gtest/gtest.h>

#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "kernels/reference_weights.h"
#include "temporary_folder.h"

namespace fastformer::kernels::reference {
namespace {

AttentionWeights<double> weights_of(const Architecture& a, RandomTensors<double>& tensors) {
  return layer_weights<double>(a, "encoder.layer.0.",
                               [&](const std::string& name) { return tensors(name); })
      .attention;
}

// Every choice of the attention's switches, for two heads.
std::vector<Architecture> all_attentions() {
  std::vector<Architecture> all;
  for (Interaction interaction :
       {Interaction::kProduct, Interaction::kSum, Interaction::kConcatenation}) {
    for (int choice = 0; choice < 16; ++choice) {
      Architecture a = small_architecture();
      a.attention.interaction = interaction;
      a.attention.head_scores = choice & 1 ? HeadScores::kSlice : HeadScores::kWhole;
      a.attention.share_query_value = choice & 2;
      a.attention.share_heads = choice & 4;
      a.attention.global_key = !(choice & 8);
      all.push_back(a);
    }
  }
  return all;
}

TEST(ReferenceAttentionTest, WeightsSumToOneOverTheTokensOfEveryHead) {
  for (const Architecture& a : all_attentions()) {
    RandomTensors<double> tensors(a, 1);
    const auto states =
        attention_states(weights_of(a, tensors), a.attention, random_matrix<double>(9, a.width, 2));
    for (const Summary<double>* summary : {&states.query_sum, &states.key_sum}) {
      if (summary == &states.key_sum && !a.attention.global_key) continue;
      for (std::int64_t h = 0; h < a.attention.heads; ++h) {
        double sum = 0;
        for (std::int64_t i = 0; i < 9; ++i) {
          sum += summary->weights(i, h);
          EXPECT_GT(summary->weights(i, h), 0);
        }
        EXPECT_NEAR(sum, 1, 1e-14);
      }
    }
  }
}

TEST(ReferenceAttentionTest, PermutedTokensGivePermutedOutputs) {
  for (const Architecture& a : all_attentions()) {
    RandomTensors<double> tensors(a, 3);
    const auto weights = weights_of(a, tensors);
    const Matrix<double> x = random_matrix<double>(13, a.width, 4);
    std::vector<std::int64_t> order(13);
    std::iota(order.begin(), order.end(), 0);
    Random random(5);
    shuffle(std::span(order), random);
    Matrix<double> moved(13, a.width);
    for (std::int64_t i = 0; i < 13; ++i) {
      std::copy_n(x.row(order[static_cast<std::size_t>(i)]), a.width, moved.row(i));
    }
    const Matrix<double> straight = attention(weights, a.attention, x);
    const Matrix<double> permuted = attention(weights, a.attention, moved);
    Matrix<double> expected(13, a.width);
    for (std::int64_t i = 0; i < 13; ++i) {
      std::copy_n(straight.row(order[static_cast<std::size_t>(i)]), a.width, expected.row(i));
    }
    expect_close(expected.elements(), permuted.elements(), 1e-13);
  }
}

// With one token both softmaxes are 1, so the globals are that token's own query and key.
TEST(ReferenceAttentionTest, OneTokenIsItsOwnContext) {
  const Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 6);
  const auto states =
      attention_states(weights_of(a, tensors), a.attention, random_matrix<double>(1, a.width, 7));
  for (std::int64_t j = 0; j < a.width; ++j) {
    const double q = states.query(0, j), k = states.key(0, j);
    EXPECT_DOUBLE_EQ(states.query_sum.global[static_cast<std::size_t>(j)], q);
    EXPECT_DOUBLE_EQ(states.key_sum.global[static_cast<std::size_t>(j)], q * k);
    EXPECT_DOUBLE_EQ(states.met_value(0, j), q * k * q);
  }
}

TEST(ReferenceAttentionTest, AnEmptyDocumentGivesNoRows) {
  for (const Architecture& a : all_attentions()) {
    RandomTensors<double> tensors(a, 8);
    const Matrix<double> output =
        attention(weights_of(a, tensors), a.attention, Matrix<double>(0, a.width));
    EXPECT_EQ(output.rows(), 0);
    EXPECT_EQ(output.columns(), a.width);
  }
}

TEST(ReferenceAttentionTest, ExtremeScoresStayFinite) {
  for (const Architecture& a : all_attentions()) {
    RandomTensors<double> tensors(a, 9);
    const auto weights = weights_of(a, tensors);
    double* scores = tensors("encoder.layer.0.attention.query_score.weight");
    double* biases = tensors("encoder.layer.0.attention.key_score.bias");
    for (std::int64_t n = 0;
         n < weights.query_score.weight.rows * weights.query_score.weight.columns; ++n) {
      scores[n] *= 1e4;
    }
    biases[0] = 1e4;
    biases[1] = -1e4;
    const Matrix<double> x = random_matrix<double>(20, a.width, 10);
    EXPECT_TRUE(all_finite(attention(weights, a.attention, x).elements()));
  }
}

TEST(ReferenceAttentionTest, HeadsMustDivideTheWidth) {
  Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 11);
  const auto weights = weights_of(a, tensors);
  for (std::int64_t heads : {0, 3}) {
    a.attention.heads = heads;
    EXPECT_ERROR(attention(weights, a.attention, Matrix<double>(1, a.width)), "divide the width");
  }
}

}  // namespace
}  // namespace fastformer::kernels::reference
