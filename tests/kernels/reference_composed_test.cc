// The composed and keyless forms, and the two sweeps, give the numbers of the layer as written.
#include <gtest/gtest.h>

#include "kernels/reference/classifier.h"
#include "kernels/reference/composed_attention.h"
#include "kernels/reference/encoder.h"
#include "kernels/reference/two_sweeps.h"
#include "kernels/reference_weights.h"
#include "temporary_folder.h"

namespace fastformer::kernels::reference {
namespace {

// Expects all three forms of one layer to agree on `x`.
template <typename T>
void expect_forms_agree(const Architecture& a, RandomTensors<T>& tensors, const Matrix<T>& x,
                        double tolerance) {
  const auto weights =
      layer_weights<T>(a, "encoder.layer.0.", [&](const std::string& n) { return tensors(n); });
  const Matrix<T> written = attention(weights.attention, a.attention, x);
  const std::int64_t heads = a.attention.heads;
  ASSERT_TRUE(all_finite(written.elements()));
  expect_close(written.elements(),
               composed_attention(compose(weights.attention, heads), x).elements(), tolerance);
  expect_close(written.elements(), keyless_attention(weights.attention, heads, x).elements(),
               tolerance);
}

TEST(ReferenceComposedTest, FormsAgreeForEveryLength) {
  Architecture a = small_architecture();
  a.width = 6;
  const Matrix<double> text = random_matrix<double>(600, a.width, 1);
  for (std::int64_t heads : head_counts(a.width)) {
    a.attention.heads = heads;
    RandomTensors<double> tensors(a, 2);
    for (std::int64_t length = 1; length <= 600; ++length) {
      SCOPED_TRACE(testing::Message() << heads << " heads, " << length << " tokens");
      const Matrix<double> x(text.view().rows_between(0, length));
      expect_forms_agree(a, tensors, x, 1e-12);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ReferenceComposedTest, FormsAgreeForEveryHeadCount) {
  for (std::int64_t width : {1, 7, 12, 24, 32}) {
    Architecture a = small_architecture();
    a.width = width;
    for (std::int64_t heads : head_counts(width)) {
      a.attention.heads = heads;
      RandomTensors<double> tensors(a, 3);
      for (std::int64_t length : {0, 1, 2, 50}) {
        SCOPED_TRACE(testing::Message() << width << " wide, " << heads << " heads, " << length);
        expect_forms_agree(a, tensors, random_matrix<double>(length, width, 4), 1e-12);
      }
    }
  }
}

TEST(ReferenceComposedTest, FormsAgreeInSinglePrecision) {
  Architecture a = small_architecture();
  a.width = 32;
  a.attention.heads = 4;
  RandomTensors<float> tensors(a, 5, 0.1);
  for (std::int64_t length : {1, 10, 300}) {
    expect_forms_agree(a, tensors, random_matrix<float>(length, a.width, 6), 1e-5);
  }
}

TEST(ReferenceComposedTest, FormsStayFiniteForExtremeScores) {
  Architecture a = small_architecture();
  RandomTensors<double> tensors(a, 7);
  RandomTensors<float> single(a, 7);
  for (const char* name : {"query_score.weight", "key_score.weight"}) {
    const std::string full = std::string("encoder.layer.0.attention.") + name;
    for (int n = 0; n < 16; ++n) {
      tensors(full)[n] *= 1e5;
      single(full)[n] *= 1e5F;
    }
  }
  // Scores of 1e5 carry an error of 1e-11, which the softmax passes on.
  expect_forms_agree(a, tensors, random_matrix<double>(100, a.width, 8), 1e-8);
  expect_forms_agree(a, single, random_matrix<float>(100, a.width, 8), 1);
}

TEST(ReferenceComposedTest, ARunningSummaryIsTheSoftmaxMean) {
  // Scores that rise, fall and jump, so that the sums are rescaled often.
  RunningSummary<double> summary(1, 1);
  double sum = 0, weighted = 0;
  for (int i = 0; i < 50; ++i) {
    const double score = 20 * std::sin(i * 1.7) + i * 0.3, value = i % 7;
    summary.add(&score, &value);
    sum += std::exp(score);
    weighted += std::exp(score) * value;
    EXPECT_NEAR(summary.means()(0, 0), weighted / sum, 1e-12);
    EXPECT_NEAR(summary.means(0.5)(0, 0), weighted / (sum + 0.5), 1e-12);
  }
}

TEST(ReferenceComposedTest, TwoSweepsEncodeTheDocument) {
  for (NormPlacement norm : {NormPlacement::kPost, NormPlacement::kPre, NormPlacement::kNone}) {
    for (const Pooling pooling : {Pooling::kAttention, Pooling::kMax, Pooling::kBoth}) {
      for (std::int64_t layers : {0, 1, 3}) {
        Architecture a = small_architecture();
        a.norm = norm;
        a.pooling = pooling;
        a.residual = layers != 1;
        a.layers = layers;
        RandomTensors<double> tensors(a, 9);
        const auto weights =
            classifier_weights<double>(a, [&](const std::string& n) { return tensors(n); });
        for (std::size_t length : {0, 1, 2, 16}) {
          SCOPED_TRACE(testing::Message() << layers << " layers, " << length << " tokens");
          std::vector<std::int32_t> ids(length);
          for (std::size_t i = 0; i < length; ++i) ids[i] = static_cast<std::int32_t>(i * 5 % 11);
          const std::span<const std::int32_t> document(ids);
          expect_close(document_vector(weights.pooling, a.pooling, encode(weights, a, document)),
                       encode_in_two_sweeps(weights, a, document), 1e-12);
        }
      }
    }
  }
}

// Tokens are rewritten in place while their neighbours still have to read them.
TEST(ReferenceComposedTest, TwoSweepsTakeTheLocalBranchAlong) {
  for (NormPlacement norm : {NormPlacement::kPost, NormPlacement::kPre}) {
    for (Local local : {Local::kConvolution, Local::kGated}) {
      for (std::int64_t width : {1, 3, 9, 41}) {
        Architecture a = small_architecture();
        a.norm = norm;
        a.local = local;
        a.local_width = width;
        RandomTensors<double> tensors(a, 9);
        const auto weights =
            classifier_weights<double>(a, [&](const std::string& n) { return tensors(n); });
        for (std::size_t length = 0; length <= 16; ++length) {
          std::vector<std::int32_t> ids(length);
          for (std::size_t i = 0; i < length; ++i) ids[i] = static_cast<std::int32_t>(i * 5 % 11);
          const std::span<const std::int32_t> document(ids);
          expect_close(document_vector(weights.pooling, a.pooling, encode(weights, a, document)),
                       encode_in_two_sweeps(weights, a, document), 1e-12);
        }
      }
    }
  }
}

TEST(ReferenceComposedTest, RefusesWhatCannotBeComposed) {
  for (int kind = 0; kind < 4; ++kind) {
    Architecture a = small_architecture();
    if (kind == 0) a.attention.head_scores = HeadScores::kSlice;
    if (kind == 1) a.attention.share_query_value = false;
    if (kind == 2) a.attention.share_heads = true;
    if (kind == 3) a.attention.interaction = Interaction::kConcatenation;
    RandomTensors<double> tensors(a, 10);
    const auto weights = layer_weights<double>(a, "encoder.layer.0.",
                                               [&](const std::string& n) { return tensors(n); });
    EXPECT_ERROR(compose(weights.attention, 2), "as published");
    EXPECT_ERROR(keyless_attention(weights.attention, 2, Matrix<double>(1, 8)), "as published");
  }
}

}  // namespace
}  // namespace fastformer::kernels::reference
