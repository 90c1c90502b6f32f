// The differentiable operations: against ATen's own, against finite differences, and for any
// number of threads.
#include <fastformer/error.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "learn/encoders/stack.h"
#include "learn/ops/embedding.h"
#include "learn/ops/local_convolution.h"
#include "learn/ops/max_pooling.h"
#include "learn/ops/pooling.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = random.normal();
  return tensor.set_requires_grad(true);
}

class PoolingTest : public testing::TestWithParam<double> {
 protected:
  const Ragged ragged_ = Ragged::from_offsets({0, 4, 4, 5, 14});
  const at::Tensor scores_ = random_tensor({14, 3}, 1);
  const at::Tensor values_ = random_tensor({14, 6}, 2);
  const at::Tensor mixture_ = random_tensor({4, 6}, 3).detach();
};

TEST_P(PoolingTest, KernelEqualsAten) {
  EXPECT_LT(difference(additive_pool(scores_, values_, ragged_, GetParam()),
                       additive_pool_by_aten(scores_, values_, ragged_, GetParam())),
            1e-14);
}

TEST_P(PoolingTest, GradientsEqualFiniteDifferences) {
  const auto loss = [&] {
    return (additive_pool(scores_, values_, ragged_, GetParam()) * mixture_).sum();
  };
  check_gradient(scores_, loss, "scores");
  check_gradient(values_, loss, "values");
}

INSTANTIATE_TEST_SUITE_P(Epsilons, PoolingTest, testing::Values(0.0, 0.3));

TEST(PoolingTest, SoftmaxRunsOverTokensNotHeads) {
  const Ragged ragged = Ragged::from_offsets({0, 3});
  at::Tensor scores = at::zeros({3, 2}, at::kDouble);
  const at::Tensor values = random_tensor({3, 4}, 5);
  // Equal scores give the mean over the tokens; another head's scores change nothing.
  const at::Tensor mean = values.mean(0);
  EXPECT_LT(difference(additive_pool(scores, values, ragged)[0], mean), 1e-15);
  scores[0][1] = 5;
  const at::Tensor pooled = additive_pool(scores, values, ragged)[0];
  EXPECT_LT(difference(pooled.slice(0, 0, 2), mean.slice(0, 0, 2)), 1e-15);
  EXPECT_GT(difference(pooled.slice(0, 2, 4), mean.slice(0, 2, 4)), 1e-3);
}

TEST(PoolingTest, HugeScoresStayFinite) {
  const Ragged ragged = Ragged::from_offsets({0, 3});
  const at::Tensor values = at::ones({3, 2}, at::kFloat);
  for (double score : {1e4, -1e4}) {
    const at::Tensor scores = at::full({3, 1}, score, at::kFloat);
    EXPECT_LT(difference(additive_pool(scores, values, ragged), at::ones({1, 2})), 1e-6);
    EXPECT_TRUE(additive_pool(scores, values, ragged, 1e-8).isfinite().all().item<bool>());
  }
}

TEST(MaxPoolingTest, KernelEqualsAten) {
  const Ragged ragged = Ragged::from_offsets({0, 4, 4, 5, 14});
  const at::Tensor hidden = random_tensor({14, 6}, 1), mixture = random_tensor({4, 6}, 2).detach();
  EXPECT_EQ(difference(max_pool(hidden, ragged), max_pool_by_aten(hidden, ragged)), 0);
  (max_pool(hidden, ragged) * mixture).sum().backward();
  const at::Tensor gradient = hidden.grad().clone();
  hidden.mutable_grad().reset();
  (max_pool_by_aten(hidden, ragged) * mixture).sum().backward();
  EXPECT_EQ(difference(gradient, hidden.grad()), 0);
}

TEST(MaxPoolingTest, GradientsEqualFiniteDifferences) {
  const Ragged ragged = Ragged::from_offsets({0, 4, 4, 5, 14});
  const at::Tensor hidden = random_tensor({14, 6}, 1), mixture = random_tensor({4, 6}, 2).detach();
  check_gradient(
      hidden, [&] { return (max_pool(hidden, ragged) * mixture).sum(); }, "hidden");
}

class LocalConvolutionTest : public testing::TestWithParam<int> {
 protected:
  const Ragged ragged_ = Ragged::from_offsets({0, 4, 4, 5, 14});
  const at::Tensor hidden_ = random_tensor({14, 6}, 1);
  const at::Tensor weight_ = random_tensor({GetParam(), 6}, 2);
  const at::Tensor bias_ = random_tensor({6}, 3);
  const at::Tensor mixture_ = random_tensor({14, 6}, 4).detach();
};

TEST_P(LocalConvolutionTest, KernelEqualsAten) {
  const std::vector<at::Tensor> inputs = {hidden_, weight_, bias_};
  const auto gradients = [&](const at::Tensor& outputs) {
    for (const at::Tensor& input : inputs) input.mutable_grad().reset();
    (outputs * mixture_).sum().backward();
    std::vector<at::Tensor> found;
    for (const at::Tensor& input : inputs) found.push_back(input.grad().clone());
    return found;
  };
  const at::Tensor outputs = local_convolution(hidden_, weight_, bias_, ragged_);
  const at::Tensor other = local_convolution_by_aten(hidden_, weight_, bias_, ragged_);
  EXPECT_LT(difference(outputs, other), 1e-14);
  const std::vector<at::Tensor> ours = gradients(outputs), theirs = gradients(other);
  for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_LT(difference(ours[i], theirs[i]), 1e-13);
}

TEST_P(LocalConvolutionTest, GradientsEqualFiniteDifferences) {
  const auto loss = [&] {
    return (local_convolution(hidden_, weight_, bias_, ragged_) * mixture_).sum();
  };
  check_gradient(hidden_, loss, "hidden");
  check_gradient(weight_, loss, "weight");
  check_gradient(bias_, loss, "bias");
}

INSTANTIATE_TEST_SUITE_P(Widths, LocalConvolutionTest, testing::Values(1, 3, 7, 31));

TEST(LocalConvolutionTest, TakesABatchWithoutTokens) {
  const Ragged ragged = Ragged::from_offsets({0, 0, 0});
  const at::Tensor hidden = random_tensor({0, 6}, 1), weight = random_tensor({3, 6}, 2),
                   bias = random_tensor({6}, 3);
  EXPECT_EQ(local_convolution(hidden, weight, bias, ragged).size(0), 0);
  EXPECT_EQ(local_convolution_by_aten(hidden, weight, bias, ragged).size(0), 0);
}

TEST(SpreadTest, GradientIsTheSumOverTheDocument) {
  const Ragged ragged = Ragged::from_offsets({0, 2, 2, 7});
  const at::Tensor rows = random_tensor({3, 4}, 1);
  const at::Tensor mixture = random_tensor({7, 4}, 2).detach();
  check_gradient(
      rows, [&] { return (spread(rows, ragged) * mixture).sum(); }, "rows");
}

TEST(LookupTest, GradientIsSparseDistinctAndRight) {
  const at::Tensor table = random_tensor({9, 4}, 1);
  const at::Tensor ids = at::tensor(std::vector<std::int64_t>{3, 8, 3, 0, 3}, at::kLong);
  const at::Tensor mixture = random_tensor({5, 4}, 2).detach();
  const auto loss = [&] { return (lookup(table, ids) * mixture).sum(); };
  check_gradient(table, loss, "table");
  ASSERT_TRUE(table.grad().is_sparse());
  const std::vector<std::int64_t> rows = {0, 3, 8};
  EXPECT_TRUE(at::equal(table.grad()._indices()[0], at::tensor(rows, at::kLong)));
}

TEST(LookupTest, AtenDoesWhatTheKernelsDo) {
  for (const std::int64_t tokens : {0, 1, 40}) {
    const at::Tensor ids = at::arange(tokens, at::kLong).square().remainder(9);
    const at::Tensor mixture = random_tensor({tokens, 4}, 2).detach();
    const auto looked_up = [&](const at::Tensor& table, const at::Tensor& found) {
      (found * mixture).sum().backward();
      return table.grad();
    };
    const at::Tensor ours = random_tensor({9, 4}, 1), rows = ours.detach().clone(),
                     all = ours.detach().clone();
    rows.requires_grad_();
    all.requires_grad_();
    const at::Tensor expected = looked_up(ours, lookup(ours, ids));
    const at::Tensor sparse = looked_up(rows, lookup_by_aten(rows, ids, TableGradient::kRows));
    EXPECT_TRUE(at::equal(lookup(ours, ids), lookup(all, ids, TableGradient::kAll)));
    const at::Tensor dense = looked_up(all, lookup(all, ids, TableGradient::kAll));
    ASSERT_TRUE(sparse.is_sparse());
    EXPECT_TRUE(at::equal(sparse._indices(), expected._indices()));
    EXPECT_LT(difference(sparse.to_dense(), expected.to_dense()), 1e-14);
    ASSERT_FALSE(dense.is_sparse());
    EXPECT_LT(difference(dense, expected.to_dense()), 1e-14);
  }
}

TEST(LookupTest, IdsOutsideTheTableAreAnError) {
  const at::Tensor table = random_tensor({9, 4}, 1);
  for (const TableGradient gradient : {TableGradient::kRows, TableGradient::kAll}) {
    for (const std::int64_t id : {-1, 9}) {
      EXPECT_THROW(lookup(table, at::full({1}, id, at::kLong), gradient), Error);
    }
  }
}

TEST(PositionsTest, SinusoidsFollowTheFormula) {
  const at::Tensor found = sinusoidal_positions(at::arange(50, at::kLong), 6);
  for (int position : {0, 1, 49}) {
    for (int component = 0; component < 6; ++component) {
      const double angle = position / std::pow(10000.0, (component / 2) * 2 / 6.0);
      const double expected = component % 2 == 0 ? std::sin(angle) : std::cos(angle);
      EXPECT_NEAR(found[position][component].item<double>(), expected, 1e-12);
    }
  }
}

TEST(RaggedTest, FallingOffsetsAreAnError) {
  EXPECT_THROW(Ragged::from_offsets({0, 3, 2}), Error);
  EXPECT_THROW(Ragged::from_offsets({1, 3}), Error);
  EXPECT_THROW(Ragged::from_offsets({}), Error);
  EXPECT_THROW(Ragged::by_aten({0, 3, 2}, at::kCPU), Error);
}

TEST(RaggedTest, AtenLaysTokensOutAlike) {
  const std::vector<std::vector<std::int64_t>> layouts = {
      {0}, {0, 0}, {0, 1}, {0, 0, 4, 4, 4, 5, 14, 14}, {0, 1000, 1001, 3000}};
  for (const std::vector<std::int64_t>& offsets : layouts) {
    const Ragged looped = Ragged::from_offsets(offsets), aten = Ragged::by_aten(offsets, at::kCPU);
    EXPECT_EQ(aten.offsets, offsets);
    EXPECT_TRUE(at::equal(looped.document_of, aten.document_of));
    EXPECT_TRUE(at::equal(looped.position_of, aten.position_of));
  }
}

}  // namespace
}  // namespace fastformer::learn
