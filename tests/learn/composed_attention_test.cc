// The composed layer and the one without keys against the layer as written, forward and backward,
// in float64.
#include "learn/ops/composed_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradient_check.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

constexpr std::int64_t kWidth = 12;

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed, double size = 1) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = size * random.normal();
  return tensor.set_requires_grad(true);
}

struct Layer {
  AttentionWeights weights;
  std::vector<at::Tensor> all;

  Layer(std::int64_t heads, bool has_global_key) {
    const auto add = [&](at::IntArrayRef shape) {
      all.push_back(random_tensor(shape, 10 + all.size(), 0.4));
      return all.back();
    };
    const std::int64_t d = kWidth;
    weights.query = add({d, d}), weights.query_bias = add({d});
    weights.key = add({d, d}), weights.key_bias = add({d});
    weights.query_score = add({heads, d});
    if (has_global_key) weights.key_score = add({heads, d});
    weights.transform = add({d, d}), weights.transform_bias = add({d});
    weights.output = add({d, d}), weights.output_bias = add({d});
  }

  // One document, as the paper writes it.
  at::Tensor written(const at::Tensor& x) const {
    const AttentionWeights& w = weights;
    const std::int64_t heads = w.query_score.size(0);
    const double root = std::sqrt(static_cast<double>(kWidth / heads));
    const auto pooled = [&](const at::Tensor& scores, const at::Tensor& values) {
      const at::Tensor by_head = values.view({-1, heads, kWidth / heads});
      return ((scores / root).softmax(0).unsqueeze(2) * by_head).sum(0).view({kWidth});
    };
    const at::Tensor query = x.mm(w.query.t()) + w.query_bias;
    const at::Tensor key = x.mm(w.key.t()) + w.key_bias;
    const at::Tensor met = pooled(query.mm(w.query_score.t()), query) * key;
    const at::Tensor values =
        w.key_score.defined() ? pooled(met.mm(w.key_score.t()), met) * query : met;
    const at::Tensor mixed = values.mm(w.transform.t()) + w.transform_bias + query;
    return mixed.mm(w.output.t()) + w.output_bias;
  }
};

std::vector<at::Tensor> gradients_of(const at::Tensor& loss, const std::vector<at::Tensor>& of) {
  for (const at::Tensor& tensor : of) tensor.mutable_grad().reset();
  loss.backward();
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& tensor : of) gradients.push_back(tensor.grad());
  return gradients;
}

using Form = Biased (*)(const at::Tensor&, const Ragged&, const AttentionWeights&, at::ScalarType);
constexpr Form kForms[] = {composed_attention, keyless_attention};

// Heads, form, and whether there is a global key.
class ComposedAttentionTest : public testing::TestWithParam<std::tuple<std::int64_t, Form, bool>> {
 protected:
  Layer layer_{std::get<0>(GetParam()), std::get<2>(GetParam())};
  at::Tensor attention(const at::Tensor& x, std::vector<std::int64_t> offsets,
                       at::ScalarType products = at::kFloat) const {
    const Ragged ragged = Ragged::from_offsets(std::move(offsets));
    return whole(std::get<1>(GetParam())(x, ragged, layer_.weights, products), ragged);
  }
};

TEST_P(ComposedAttentionTest, EqualsTheLayerAsWrittenForEveryLength) {
  for (std::int64_t length = 1; length <= 600; ++length) {
    const auto seed = static_cast<std::uint64_t>(length);
    const at::Tensor x = random_tensor({length, kWidth}, seed);
    const at::Tensor mixture = random_tensor({length, kWidth}, seed + 1).detach();
    const at::Tensor expected = layer_.written(x);
    const at::Tensor found = attention(x, {0, length});
    ASSERT_LT(difference(found, expected), 1e-12) << length;
    std::vector<at::Tensor> of = layer_.all;
    of.push_back(x);
    const auto wanted = gradients_of((expected * mixture).sum(), of);
    const auto got = gradients_of((found * mixture).sum(), of);
    for (std::size_t i = 0; i < of.size(); ++i) {
      const double size = 1 + wanted[i].abs().max().item<double>();
      ASSERT_LT(difference(got[i], wanted[i]) / size, 1e-12) << "length " << length << ", " << i;
    }
  }
}

TEST_P(ComposedAttentionTest, GradientsEqualFiniteDifferences) {
  const std::vector<std::int64_t> offsets = {0, 9, 9, 30};
  const at::Tensor x = random_tensor({30, kWidth}, 1);
  const at::Tensor mixture = random_tensor({30, kWidth}, 2).detach();
  const auto loss = [&] { return (attention(x, offsets) * mixture).sum(); };
  check_gradient(x, loss, "hidden");
  for (std::size_t i = 0; i < layer_.all.size(); ++i) {
    check_gradient(layer_.all[i], loss, "weight " + std::to_string(i));
  }
}

TEST_P(ComposedAttentionTest, BatchMatesChangeNothing) {
  const at::Tensor x = random_tensor({41, kWidth}, 1).detach();
  const at::Tensor together = attention(x, {0, 0, 17, 18, 41});
  for (const auto& [begin, end] : {std::pair{0, 17}, {17, 18}, {18, 41}}) {
    const at::Tensor alone = attention(x.slice(0, begin, end), {0, end - begin});
    EXPECT_LT(difference(together.slice(0, begin, end), alone), 1e-13);
  }
}

TEST_P(ComposedAttentionTest, ProductsInBFloat16StayNear) {
  std::vector<at::Tensor> of = layer_.all;
  of.push_back(random_tensor({70, kWidth}, 1));
  const at::Tensor mixture = random_tensor({70, kWidth}, 2).detach();
  const std::vector<std::int64_t> offsets = {0, 30, 70};
  const at::Tensor exact = attention(of.back(), offsets);
  const at::Tensor found = attention(of.back(), offsets, at::kBFloat16);
  EXPECT_EQ(found.scalar_type(), at::kDouble);
  EXPECT_GT(difference(found, exact), 0);
  EXPECT_LT(difference(found, exact) / exact.abs().max().item<double>(), 0.02);
  const auto wanted = gradients_of((exact * mixture).sum(), of);
  const auto got = gradients_of((found * mixture).sum(), of);
  for (std::size_t i = 0; i < of.size(); ++i) {
    EXPECT_LT(difference(got[i], wanted[i]) / wanted[i].abs().max().item<double>(), 0.05) << i;
  }
}

TEST_P(ComposedAttentionTest, NoTokensGiveNoTokens) {
  const at::Tensor none = at::empty({0, kWidth}, at::kDouble).set_requires_grad(true);
  const at::Tensor result = attention(none, {0, 0, 0});
  EXPECT_EQ(result.size(0), 0);
  result.sum().backward();
  for (const at::Tensor& weight : layer_.all) {
    EXPECT_EQ(weight.grad().abs().max().item<double>(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, ComposedAttentionTest,
                         testing::Combine(testing::Values(1, 2, 3, 4, 6, 12),
                                          testing::ValuesIn(kForms), testing::Bool()));

}  // namespace
}  // namespace fastformer::learn
