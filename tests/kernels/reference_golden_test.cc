// The reference computes what the authors' PyTorch code computes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/golden.h"
#include "kernels/reference/classifier.h"
#include "kernels/reference/encoder.h"
#include "kernels/reference/named_weights.h"
#include "kernels/reference/two_sweeps.h"

namespace fastformer::kernels::reference {
namespace {

template <typename T>
struct Precision;
template <>
struct Precision<double> {
  static constexpr const char* kFile = "/golden/official_small_f64.safetensors";
  static constexpr double kTolerance = 1e-9;
};
template <>
struct Precision<float> {
  static constexpr const char* kFile = "/golden/official_small_f32.safetensors";
  static constexpr double kTolerance = 1e-4;
};

template <typename T>
class ReferenceGoldenTest : public testing::Test {
 protected:
  ReferenceGoldenTest() {
    weights_ = classifier_weights<T>(
        golden_.architecture, [this](const std::string& name) { return golden_.tensor(name); });
  }

  // Largest difference over the rows of document `b` of `expected` [batch, positions, width],
  // relative to the tensor's largest magnitude.
  double difference(const std::vector<T>& expected, std::size_t b, const Matrix<T>& ours) const {
    const auto width = static_cast<std::size_t>(ours.columns());
    const T* theirs = expected.data() + b * golden_.positions() * width;
    double largest = 0, magnitude = 0;
    for (T element : expected) magnitude = std::max(magnitude, std::fabs(double{element}));
    for (std::size_t n = 0; n < ours.elements().size(); ++n) {
      largest = std::max(largest, std::fabs(double{ours.elements()[n]} - double{theirs[n]}));
    }
    return largest / magnitude;
  }

  GoldenModel<T> golden_{std::string(FASTFORMER_TEST_DATA) + Precision<T>::kFile};
  ClassifierWeights<T> weights_;
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ReferenceGoldenTest, Types);

TYPED_TEST(ReferenceGoldenTest, HiddenStatesAfterEveryLayer) {
  const auto& golden = this->golden_;
  for (std::size_t b = 0; b < golden.documents.size(); ++b) {
    Matrix<TypeParam> x = embed(this->weights_.embedding, golden.architecture, golden.documents[b]);
    for (std::size_t layer = 0; layer < this->weights_.layers.size(); ++layer) {
      x = block(this->weights_.layers[layer], golden.architecture, x);
      const auto expected =
          golden.file.template read<TypeParam>("output.hidden." + std::to_string(layer));
      EXPECT_LE(this->difference(expected, b, x), Precision<TypeParam>::kTolerance)
          << "document " << b << " layer " << layer;
    }
  }
}

TYPED_TEST(ReferenceGoldenTest, LogitsAndLoss) {
  const auto& golden = this->golden_;
  const auto expected = golden.file.template read<TypeParam>("output.logits");
  double magnitude = 0;
  for (TypeParam logit : expected) magnitude = std::max(magnitude, std::fabs(double{logit}));
  const auto count = static_cast<std::int64_t>(golden.documents.size());
  Matrix<TypeParam> ours(count, golden.architecture.labels);
  for (std::int64_t b = 0; b < count; ++b) {
    const auto& ids = golden.documents[static_cast<std::size_t>(b)];
    const std::vector<TypeParam> row = logits(this->weights_, golden.architecture, ids);
    std::copy(row.begin(), row.end(), ours.row(b));
  }
  ASSERT_EQ(ours.elements().size(), expected.size());
  for (std::size_t n = 0; n < expected.size(); ++n) {
    EXPECT_NEAR(ours.elements()[n], expected[n], Precision<TypeParam>::kTolerance * magnitude);
  }
  const double loss = golden.file.template read<TypeParam>("output.loss").at(0);
  EXPECT_NEAR(cross_entropy(ours, std::span<const std::int32_t>(golden.labels)), loss,
              Precision<TypeParam>::kTolerance * loss);
}

TYPED_TEST(ReferenceGoldenTest, LogitsOfTheTwoSweeps) {
  const auto& golden = this->golden_;
  const auto expected = golden.file.template read<TypeParam>("output.logits");
  double magnitude = 0;
  for (TypeParam logit : expected) magnitude = std::max(magnitude, std::fabs(double{logit}));
  for (std::size_t b = 0; b < golden.documents.size(); ++b) {
    const auto ours =
        classify(this->weights_.classifier,
                 encode_in_two_sweeps(this->weights_, golden.architecture,
                                      std::span<const std::int32_t>(golden.documents[b])));
    for (std::size_t c = 0; c < ours.size(); ++c) {
      EXPECT_NEAR(ours[c], expected[b * ours.size() + c],
                  Precision<TypeParam>::kTolerance * magnitude);
    }
  }
}

}  // namespace
}  // namespace fastformer::kernels::reference
