// Operations of composed attention: kernels of float32 against ATen in float64.
#include <gtest/gtest.h>

#include <functional>

#include "gradient_check.h"
#include "learn/ops/composed_attention.h"
#include "learn/ops/composed_map.h"
#include "learn/ops/document_scale.h"
#include "learn/ops/feed_forward.h"
#include "learn/ops/product.h"
#include "learn/ops/tanh.h"
#include "learn/ops/token_sums.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

using Tensors = std::vector<at::Tensor>;
using Operation = std::function<at::Tensor(const Tensors&)>;

constexpr std::int64_t kWidth = 64;

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed, double size = 1) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  Random random(seed);
  float* values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<float>(size * random.normal());
  }
  return tensor;
}

// An empty document, short ones, and one of several chunks.
Ragged documents() { return Ragged::from_offsets({0, 5, 5, 6, 101, 2200}); }

Tensors leaves(const Tensors& inputs, at::ScalarType type) {
  Tensors result;
  for (const at::Tensor& input : inputs) {
    result.push_back(input.detach().to(type).clone().set_requires_grad(true));
  }
  return result;
}

// Result and gradients of the mixed sum of the result.
Tensors results_of(const Operation& operation, const Tensors& inputs) {
  const at::Tensor result = operation(inputs);
  (result * random_tensor(result.sizes(), 99).to(result.scalar_type())).sum().backward();
  Tensors all = {result.detach()};
  for (const at::Tensor& input : inputs) all.push_back(input.grad());
  return all;
}

void expect_near(const Tensors& found, const Tensors& expected, double tolerance) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double size = expected[i].abs().max().item<double>();
    EXPECT_LT(difference(found[i].to(at::kDouble), expected[i]), tolerance * size) << i;
  }
}

// The kernel in float32 on one and three threads against the other operation in float64.
void compare(const Operation& kernel, const Operation& exact, const Tensors& inputs,
             double tolerance) {
  const Tensors expected = results_of(exact, leaves(inputs, at::kDouble));
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    expect_near(results_of(kernel, leaves(inputs, at::kFloat)), expected, tolerance);
  }
  at::set_num_threads(before);
}

class TokenSumsTest : public testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  const std::int64_t heads_ = std::get<0>(GetParam());
  const Ragged ragged_ = documents();
  const at::Tensor x_ = random_tensor({ragged_.tokens(), kWidth}, 1);
  const at::Tensor directions_ = std::get<1>(GetParam())
                                     ? random_tensor({heads_, kWidth}, 2, 0.3)
                                     : random_tensor({ragged_.documents(), heads_, kWidth}, 2, 0.3);
};

TEST_P(TokenSumsTest, KernelEqualsAten) {
  compare([&](const Tensors& in) { return token_sums(in[0], in[1], ragged_).sums; },
          [&](const Tensors& in) { return token_sums_by_aten(in[0], in[1], ragged_); },
          {x_, directions_}, 2e-5);
}

TEST_P(TokenSumsTest, WhatIsReadOnHasItsGradientToo) {
  const auto by_aten = [&](const Tensors& in) {
    return token_sums_by_aten(in[0], in[1], ragged_).sum() + in[0].square().sum();
  };
  const auto read_on = [&](const Tensors& in) {
    const SummedTokens found = token_sums(in[0], in[1], ragged_);
    return found.sums.sum() + found.x.square().sum();
  };
  compare(read_on, by_aten, {x_, directions_}, 2e-5);
  // And where nobody asks for the sums.
  const Tensors in = leaves({x_, directions_}, at::kFloat);
  token_sums(in[0], in[1], ragged_).x.sum().backward();
  EXPECT_EQ(difference(in[0].grad(), at::ones_like(x_)), 0);
  EXPECT_FALSE(in[1].grad().defined());
}

TEST_P(TokenSumsTest, BatchMatesChangeNothing) {
  const at::Tensor together = token_sums(x_, directions_, ragged_).sums;
  for (std::int64_t b = 0; b < ragged_.documents(); ++b) {
    const std::int64_t begin = ragged_.offsets[b], end = ragged_.offsets[b + 1];
    const at::Tensor own = directions_.dim() == 3 ? directions_[b] : directions_;
    const at::Tensor alone =
        token_sums(x_.slice(0, begin, end), own, Ragged::from_offsets({0, end - begin})).sums;
    EXPECT_EQ(difference(together[b], alone[0]), 0) << b;
  }
}

TEST_P(TokenSumsTest, FarScoresStaySums) {
  const at::Tensor sums = token_sums(x_, directions_ * 1e4, ragged_).sums;
  EXPECT_TRUE(sums.isfinite().all().item<bool>());
  EXPECT_LE(sums.abs().max().item<double>(), x_.abs().max().item<double>() * 1.0001);
}

INSTANTIATE_TEST_SUITE_P(Heads, TokenSumsTest,
                         testing::Combine(testing::Values(1, 2, 8, 16, 32), testing::Bool()));

TEST(ComposedMapTest, KernelEqualsAten) {
  const Ragged ragged = documents();
  const Tensors inputs = {
      random_tensor({ragged.tokens(), kWidth}, 1), random_tensor({ragged.documents(), kWidth}, 2),
      random_tensor({kWidth, kWidth}, 3, 0.2),     random_tensor({kWidth, kWidth}, 4, 0.2),
      random_tensor({kWidth, kWidth}, 5, 0.2),     random_tensor({ragged.documents(), kWidth}, 6)};
  const auto exact = [&](const Tensors& in) {
    return composed_map_by_aten(in[0], in[1], {in[2], in[3], in[4]}, in[5], ragged);
  };
  for (const at::ScalarType products : {at::kFloat, at::kBFloat16}) {
    const auto kernel = [&](const Tensors& in) {
      return whole(composed_map(in[0], in[1], {in[2], in[3], in[4]}, in[5], ragged, products),
                   ragged);
    };
    compare(kernel, exact, inputs, products == at::kFloat ? 1e-5 : 0.02);
  }
}

TEST(DocumentScaleTest, EqualsSpreadingAndTakesGradients) {
  const Ragged ragged = Ragged::from_offsets({0, 5, 5, 14});
  const Tensors inputs = leaves({random_tensor({14, 3}, 1), random_tensor({3, 3}, 2)}, at::kDouble);
  const auto loss = [&] {
    return (document_scale(inputs[0], inputs[1], ragged) *
            random_tensor({14, 3}, 9).to(at::kDouble))
        .sum();
  };
  const at::Tensor expected = inputs[0] * inputs[1].index_select(0, ragged.document_of);
  EXPECT_EQ(difference(document_scale(inputs[0], inputs[1], ragged), expected), 0);
  check_gradient(inputs[0], loss, "rows");
  check_gradient(inputs[1], loss, "vectors");
}

TEST(LinearOntoTest, AddsToRowsOfItsOwn) {
  const Tensors inputs = {random_tensor({210, 64}, 1), random_tensor({96, 64}, 2),
                          random_tensor({210, 96}, 3)};
  compare([](const Tensors& in) { return linear_onto(at::kFloat, in[0], in[1], in[2]); },
          [](const Tensors& in) { return at::mm(in[0], in[1].t()) + in[2]; }, inputs, 1e-6);
}

TEST(FeedForwardTest, KernelEqualsAten) {
  const Tensors inputs = {random_tensor({210, kWidth}, 1), random_tensor({96, kWidth}, 2, 0.2),
                          random_tensor({96}, 3), random_tensor({kWidth, 96}, 4, 0.2),
                          random_tensor({kWidth}, 5)};
  const auto in = [](at::ScalarType products) {
    return [products](const Tensors& t) {
      return feed_forward(t[0], {t[1], t[2], t[3], t[4]}, products).rows;
    };
  };
  compare(in(at::kFloat), in(at::kFloat), inputs, 1e-5);
  compare(in(at::kBFloat16), in(at::kFloat), inputs, 0.03);
}

TEST(TanhTest, KernelEqualsAten) {
  compare([](const Tensors& in) { return tanh_of(in[0]); },
          [](const Tensors& in) { return at::tanh(in[0]); }, {random_tensor({210, kWidth}, 1, 2)},
          2e-6);
}

// Both forms, whole, with and without a global key.
class AttentionFormsTest : public testing::TestWithParam<bool> {
 protected:
  // x, then weights in the order of AttentionWeights.
  Tensors inputs_of(const Ragged& ragged, std::int64_t heads) const {
    Tensors inputs = {random_tensor({ragged.tokens(), kWidth}, 1)};
    for (const bool is_score : {false, false, true, false, false}) {
      const auto add = [&inputs](at::IntArrayRef shape, double size) {
        inputs.push_back(random_tensor(shape, inputs.size() + 1, size));
      };
      if (is_score) {
        add({heads, kWidth}, 0.2);
        if (GetParam()) add({heads, kWidth}, 0.2);
      } else {
        add({kWidth, kWidth}, 0.1);
        add({kWidth}, 0.5);
      }
    }
    return inputs;
  }

  // In float32 with kernels, in float64 by ATen.
  Operation in(at::ScalarType products, decltype(composed_attention)* form,
               const Ragged& ragged) const {
    return [=](const Tensors& t) {
      const std::size_t after = GetParam() ? 7 : 6;  // the scores
      const at::Tensor key_score = GetParam() ? t[6] : at::Tensor();
      return whole(form(t[0], ragged,
                        {t[1], t[2], t[3], t[4], t[5], key_score, t[after], t[after + 1],
                         t[after + 2], t[after + 3]},
                        products),
                   ragged);
    };
  }
};

TEST_P(AttentionFormsTest, KernelsEqualFloat64) {
  const Ragged ragged = documents();
  const Tensors inputs = inputs_of(ragged, 4);
  for (const auto form : {composed_attention, keyless_attention}) {
    const Operation exact = in(at::kFloat, form, ragged);
    compare(exact, exact, inputs, 5e-5);
    compare(in(at::kBFloat16, form, ragged), exact, inputs, 0.05);
  }
}

std::vector<std::int64_t> offsets_of(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> offsets = {0};
  for (std::int64_t n = first; n <= last; ++n) offsets.push_back(offsets.back() + n);
  return offsets;
}

TEST_P(AttentionFormsTest, KernelsEqualFloat64ForEveryLengthAndEveryNumberOfHeads) {
  for (const auto form : {composed_attention, keyless_attention}) {
    for (std::int64_t first = 1; first <= 600; first += 100) {
      const Ragged ragged = Ragged::from_offsets(offsets_of(first, first + 99));
      const Operation operation = in(at::kFloat, form, ragged);
      compare(operation, operation, inputs_of(ragged, 4), 5e-5);
    }
    for (const std::int64_t heads : {1, 2, 8, 16, 32, 64}) {
      const Ragged ragged = Ragged::from_offsets(offsets_of(1, 100));
      const Operation operation = in(at::kFloat, form, ragged);
      compare(operation, operation, inputs_of(ragged, heads), 5e-5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(GlobalKey, AttentionFormsTest, testing::Bool());

}  // namespace
}  // namespace fastformer::learn
