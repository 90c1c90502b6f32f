// The reference's gradients are the slopes of its forward pass.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/reference/attention_backward.h"
#include "kernels/reference_weights.h"
#include "temporary_folder.h"

namespace fastformer::kernels::reference {
namespace {

constexpr const char* kPrefix = "encoder.layer.0.";

// One attention layer, an input, and a loss that weighs every output element by itself.
struct Problem {
  Problem(const Architecture& architecture, std::int64_t tokens)
      : a(architecture),
        tensors(a, 1),
        x(random_matrix<double>(tokens, a.width, 2)),
        output_gradient(random_matrix<double>(tokens, a.width, 3)) {
    weights = layer_weights<double>(a, kPrefix, [this](const std::string& n) {
                return tensors(n);
              }).attention;
  }

  double loss() const {
    const Matrix<double> output = attention(weights, a.attention, x);
    return std::inner_product(output.elements().begin(), output.elements().end(),
                              output_gradient.elements().begin(), 0.0);
  }

  // Expects `gradient` to be the loss's slopes along the elements that begin at `variable`.
  void expect_slopes(double* variable, const std::vector<double>& gradient) const {
    constexpr double kStep = 1e-5;
    const double bound = 1e-8 * std::max(1.0, largest_magnitude(gradient));
    for (std::size_t n = 0; n < gradient.size(); ++n) {
      const double before = variable[n];
      variable[n] = before + kStep;
      const double above = loss();
      variable[n] = before - kStep;
      const double below = loss();
      variable[n] = before;
      EXPECT_NEAR(gradient[n], (above - below) / (2 * kStep), bound) << "element " << n;
    }
  }

  void expect_slopes(const std::string& name, const LinearGradient<double>& gradient) {
    SCOPED_TRACE(name);
    const std::string tensor = std::string(kPrefix) + "attention." + name;
    expect_slopes(tensors(tensor + ".weight"), gradient.weight.elements());
    expect_slopes(tensors(tensor + ".bias"), gradient.bias);
  }

  Architecture a;
  RandomTensors<double> tensors;
  AttentionWeights<double> weights;
  Matrix<double> x;
  Matrix<double> output_gradient;
};

TEST(ReferenceBackwardTest, GradientsAreSlopes) {
  for (int choice = 0; choice < 16; ++choice) {
    Architecture a = small_architecture();
    a.attention.head_scores = choice & 1 ? HeadScores::kSlice : HeadScores::kWhole;
    a.attention.share_query_value = choice & 2;
    a.attention.share_heads = choice & 4;
    a.attention.global_key = !(choice & 8);
    for (std::int64_t tokens : {1, 2, 7}) {
      SCOPED_TRACE(testing::Message() << "choice " << choice << ", " << tokens << " tokens");
      Problem problem(a, tokens);
      const auto gradients =
          attention_backward(problem.weights, a.attention, problem.x, problem.output_gradient);
      ASSERT_EQ(gradients.x.elements().size(), problem.x.elements().size());
      problem.expect_slopes(problem.x.elements().data(), gradients.x.elements());
      problem.expect_slopes("query", gradients.query);
      problem.expect_slopes("key", gradients.key);
      problem.expect_slopes("query_score", gradients.query_score);
      if (a.attention.global_key) problem.expect_slopes("key_score", gradients.key_score);
      problem.expect_slopes("transform", gradients.transform);
      problem.expect_slopes("output", gradients.output);
      if (a.attention.share_query_value || !a.attention.global_key) {
        EXPECT_TRUE(gradients.value.weight.elements().empty());
      } else {
        problem.expect_slopes("value", gradients.value);
      }
    }
  }
}

TEST(ReferenceBackwardTest, GradientsHaveTheWeightsShapes) {
  const Architecture a = small_architecture();
  const Problem problem(a, 3);
  const auto gradients =
      attention_backward(problem.weights, a.attention, problem.x, problem.output_gradient);
  EXPECT_EQ(gradients.query.weight.rows(), a.width);
  EXPECT_EQ(gradients.query_score.weight.rows(), a.attention.heads);
  EXPECT_EQ(gradients.query_score.weight.columns(), a.width);
  EXPECT_EQ(gradients.query_score.bias.size(), static_cast<std::size_t>(a.attention.heads));
  EXPECT_EQ(gradients.output.bias.size(), static_cast<std::size_t>(a.width));
}

// A softmax does not see a shift, so its score's bias cannot change the loss.
TEST(ReferenceBackwardTest, ScoreBiasesHaveNoGradient) {
  const Architecture a = small_architecture();
  const Problem problem(a, 9);
  const auto gradients =
      attention_backward(problem.weights, a.attention, problem.x, problem.output_gradient);
  EXPECT_LT(largest_magnitude(gradients.query_score.bias), 1e-13);
  EXPECT_LT(largest_magnitude(gradients.key_score.bias), 1e-13);
}

TEST(ReferenceBackwardTest, AnEmptyDocumentHasZeroGradients) {
  const Architecture a = small_architecture();
  const Problem problem(a, 0);
  const auto gradients =
      attention_backward(problem.weights, a.attention, problem.x, problem.output_gradient);
  EXPECT_EQ(gradients.x.rows(), 0);
  EXPECT_EQ(largest_magnitude(gradients.query.weight.elements()), 0);
}

TEST(ReferenceBackwardTest, RefusesOtherInteractions) {
  Architecture a = small_architecture();
  a.attention.interaction = Interaction::kSum;
  const Problem problem(a, 2);
  EXPECT_ERROR(attention_backward(problem.weights, a.attention, problem.x, problem.output_gradient),
               "product interaction");
}

}  // namespace
}  // namespace fastformer::kernels::reference
