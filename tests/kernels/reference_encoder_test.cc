// The whole reference classifier: its switches, its short documents and its errors.
#include "kernels/reference/encoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kernels/reference/classifier.h"
#include "kernels/reference_weights.h"
#include "temporary_folder.h"

namespace fastformer::kernels::reference {
namespace {

using Document = std::vector<std::int32_t>;

template <typename T = double>
std::vector<T> logits_of(const Architecture& a, const Document& document) {
  // A tensor's elements follow from its name, and no switch asks for more of them.
  static RandomTensors<T> tensors(small_architecture(), 1);
  const auto weights =
      classifier_weights<T>(a, [](const std::string& name) { return tensors(name); });
  return logits(weights, a, std::span<const std::int32_t>(document));
}

// All values of the switches in every combination, as digits of a mixed-radix number.
Architecture combination(int number) {
  const auto digit = [&](int radix) {
    const int value = number % radix;
    number /= radix;
    return value;
  };
  Architecture a = small_architecture();
  a.attention.interaction = static_cast<Interaction>(digit(3));
  a.attention.head_scores = static_cast<HeadScores>(digit(2));
  // Without a global key there are no values.
  const int value = digit(3);
  a.attention.share_query_value = value != 1;
  a.attention.global_key = value != 2;
  a.attention.share_heads = digit(2);
  a.positions = static_cast<Positions>(digit(3));
  a.norm = static_cast<NormPlacement>(digit(3));
  a.residual = digit(2);
  a.feed_forward = digit(2) * a.feed_forward;
  a.share_layers = digit(2);
  a.pooling = static_cast<Pooling>(digit(3));
  a.local = static_cast<Local>(digit(3));
  return a;
}
constexpr int kCombinations = 3 * 2 * 3 * 2 * 3 * 3 * 2 * 2 * 2 * 3 * 3;

TEST(ReferenceEncoderTest, EverySwitchChangesTheResult) {
  std::vector<std::vector<double>> results;
  for (int number = 0; number < kCombinations; ++number) {
    results.push_back(logits_of(combination(number), {1, 4, 4, 9, 2}));
    ASSERT_TRUE(all_finite(results.back())) << number;
  }
  std::sort(results.begin(), results.end());
  for (std::size_t n = 1; n < results.size(); ++n) {
    EXPECT_GT(results[n][0] - results[n - 1][0], 1e-12) << "after " << results[n][0];
  }
}

TEST(ReferenceEncoderTest, EveryCombinationTakesShortDocuments) {
  for (int number = 0; number < kCombinations; ++number) {
    const Architecture a = combination(number);
    for (const Document& document : {Document{}, Document{3}}) {
      const std::vector<double> result = logits_of(a, document);
      ASSERT_EQ(result.size(), 3U);
      ASSERT_TRUE(all_finite(result)) << number;
    }
  }
}

TEST(ReferenceEncoderTest, AnEmptyDocumentIsTheZeroVector) {
  const Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 1);
  const std::vector<double> result = logits_of(a, {});
  for (std::size_t c = 0; c < result.size(); ++c) {
    EXPECT_EQ(result[c], tensors("classifier.bias")[c]);
  }
}

TEST(ReferenceEncoderTest, WordOrderMattersOnlyThroughPositions) {
  Architecture a = small_architecture();
  const Document document = {1, 4, 9, 2}, moved = {2, 9, 1, 4};
  a.positions = Positions::kNone;
  expect_close(logits_of(a, document), logits_of(a, moved), 1e-13);
  for (Positions positions : {Positions::kLearned, Positions::kSinusoidal}) {
    a.positions = positions;
    EXPECT_GT(std::fabs(logits_of(a, document)[0] - logits_of(a, moved)[0]), 1e-6);
  }
}

TEST(ReferenceEncoderTest, SharedLayersAreTheFirstLayerTwice) {
  Architecture a = small_architecture();
  a.share_layers = true;
  RandomTensors<double> tensors(a, 1);
  const auto named = [&](const std::string& name) { return tensors(name); };
  const auto shared = classifier_weights<double>(a, named);
  EXPECT_EQ(shared.layers.size(), 2U);
  EXPECT_EQ(shared.layers[0].inner.bias, shared.layers[1].inner.bias);
  a.share_layers = false;
  const auto single = classifier_weights<double>(a, named);
  EXPECT_NE(single.layers[0].inner.bias, single.layers[1].inner.bias);
}

TEST(ReferenceEncoderTest, SinusoidsHaveKnownValues) {
  for (std::int64_t j = 0; j < 8; ++j) EXPECT_EQ(sinusoidal_position(0, j, 8), j % 2);
  EXPECT_DOUBLE_EQ(sinusoidal_position(3, 0, 8), std::sin(3.0));
  EXPECT_DOUBLE_EQ(sinusoidal_position(3, 1, 8), std::cos(3.0));
  EXPECT_DOUBLE_EQ(sinusoidal_position(3, 4, 8), std::sin(3.0 / 100));
  EXPECT_DOUBLE_EQ(sinusoidal_position(3, 7, 8), std::cos(3.0 / 1000));
  EXPECT_DOUBLE_EQ(sinusoidal_position(2, 4, 5), std::sin(2 / std::pow(10000.0, 0.8)));
}

TEST(ReferenceEncoderTest, PrecisionsAgree) {
  const std::vector<double> wide = logits_of<double>(small_architecture(), {1, 4, 9, 2});
  const std::vector<float> narrow = logits_of<float>(small_architecture(), {1, 4, 9, 2});
  expect_close(wide, std::vector<double>(narrow.begin(), narrow.end()), 1e-5);
}

// The authors' formula as they wrote it, where its exponentials are in range.
TEST(ReferencePoolingTest, IsTheUnshiftedFormula) {
  const Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 2);
  const auto weights =
      classifier_weights<double>(a, [&](const std::string& name) { return tensors(name); });
  const Matrix<double> hidden = random_matrix<double>(5, a.width, 3);
  for (const double shift : {0.0, -18.0, 18.0}) {
    tensors("pooling.score.bias")[0] = shift;
    const Matrix<double> scores = pooling_scores(weights.pooling, hidden);
    double sum = 1e-8;
    for (double score : scores.elements()) sum += std::exp(score);
    std::vector<double> expected(static_cast<std::size_t>(a.width));
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t j = 0; j < a.width; ++j) {
        expected[static_cast<std::size_t>(j)] += std::exp(scores(i, 0)) / sum * hidden(i, j);
      }
    }
    expect_close(expected, pool(weights.pooling, hidden), 1e-13);
  }
}

TEST(ReferencePoolingTest, MaximaAreOfEachChannelAndComeSecond) {
  const Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 2);
  const auto weights =
      classifier_weights<double>(a, [&](const std::string& name) { return tensors(name); });
  Matrix<double> hidden(2, 3);
  hidden(0, 0) = -1;
  hidden(1, 0) = -2;
  hidden(0, 1) = 3;
  hidden(1, 1) = 4;
  const std::vector<double> largest = {-1, 4, 0}, none = {0, 0, 0};
  EXPECT_EQ(max_pool(hidden), largest);
  EXPECT_EQ(max_pool(Matrix<double>(0, 3)), none);
  const Matrix<double> text = random_matrix<double>(5, a.width, 3);
  std::vector<double> expected = pool(weights.pooling, text);
  for (double element : max_pool(text)) expected.push_back(element);
  EXPECT_EQ(document_vector(weights.pooling, Pooling::kBoth, text), expected);
}

template <typename T>
void expect_finite_pooling_at(T bias) {
  const Architecture a = small_architecture();
  RandomTensors<T> tensors(a, 2);
  const auto weights =
      classifier_weights<T>(a, [&](const std::string& name) { return tensors(name); });
  tensors("pooling.score.bias")[0] = bias;
  const std::vector<T> pooled = pool(weights.pooling, random_matrix<T>(5, a.width, 3));
  EXPECT_TRUE(all_finite(pooled)) << bias;
  // Below exp(score) = 1e-8 the vector fades to 0; above, it is a mean.
  if (bias < -1000) {
    EXPECT_LT(largest_magnitude(pooled), 1e-30);
  } else {
    EXPECT_GT(largest_magnitude(pooled), 0);
  }
}

TEST(ReferencePoolingTest, ExtremeScoresStayFinite) {
  for (float bias : {-1e4F, -95.0F, 0.0F, 95.0F, 1e4F}) {
    expect_finite_pooling_at<float>(bias);
    expect_finite_pooling_at<double>(bias);
  }
}

TEST(ReferenceLossTest, IsTheMeanCrossEntropy) {
  const Matrix<double> even(2, 4);
  EXPECT_DOUBLE_EQ(cross_entropy(even, std::vector<std::int32_t>{0, 3}), std::log(4.0));
  Matrix<double> logits(2, 2);
  logits(0, 0) = 1e4;
  logits(1, 1) = std::log(3.0);
  EXPECT_DOUBLE_EQ(cross_entropy(logits, std::vector<std::int32_t>{0, 1}), std::log(4.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(cross_entropy(logits, std::vector<std::int32_t>{1, 1}),
                   (1e4 + std::log(4.0 / 3)) / 2);
}

TEST(ReferenceLossTest, RefusesLabelsThatDoNotFit) {
  const Matrix<double> logits(1, 2);
  EXPECT_ERROR(cross_entropy(logits, std::vector<std::int32_t>{2}), "label 2");
  EXPECT_ERROR(cross_entropy(logits, std::vector<std::int32_t>{-1}), "label -1");
  EXPECT_ERROR(cross_entropy(logits, std::vector<std::int32_t>{0, 1}), "one label each");
  EXPECT_ERROR(cross_entropy(Matrix<double>(0, 2), std::vector<std::int32_t>{}), "one label each");
}

TEST(ReferenceErrorsTest, IdsLengthsAndMissingTensors) {
  Architecture a = small_architecture();
  EXPECT_ERROR(logits_of(a, {11}), "id 11");
  EXPECT_ERROR(logits_of(a, {-1}), "id -1");
  EXPECT_ERROR(logits_of(a, Document(17, 1)), "17 tokens");
  const auto none = [](const std::string&) -> const double* { return nullptr; };
  EXPECT_ERROR(classifier_weights<double>(a, none), "embedding.word.weight");
  a.attention.heads = 3;
  EXPECT_ERROR(classifier_weights<double>(a, none), "3 heads");
}

}  // namespace
}  // namespace fastformer::kernels::reference
