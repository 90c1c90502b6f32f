// Products in bfloat16: float32 in, float32 out, rounded in between.
#include "learn/ops/product.h"

#include <gtest/gtest.h>

#include "small_model.h"

namespace fastformer::learn {
namespace {

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  Random random(seed);
  float* values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<float>(random.normal());
  }
  return tensor.set_requires_grad(true);
}

TEST(ProductTest, Float32IsTorchsLinear) {
  const at::Tensor x = random_tensor({9, 5}, 1), w = random_tensor({7, 5}, 2);
  const at::Tensor bias = random_tensor({7}, 3);
  EXPECT_EQ(difference(linear_in(at::kFloat, x, w, bias), at::linear(x, w, bias)), 0);
  EXPECT_EQ(difference(product(x, w.t(), at::kFloat), at::mm(x, w.t())), 0);
}

TEST(ProductTest, WholePanelsGoThroughTheKernels) {
  const at::Tensor x = random_tensor({210, 64}, 1), w = random_tensor({96, 64}, 2);
  const at::Tensor bias = random_tensor({96}, 3), mixture = random_tensor({210, 96}, 4).detach();
  std::vector<at::Tensor> exact;
  for (const at::Tensor& leaf : {x, w, bias}) {
    exact.push_back(leaf.detach().to(at::kDouble).set_requires_grad(true));
  }
  const at::Tensor expected = at::linear(exact[0], exact[1], exact[2]);
  (expected * mixture).sum().backward();
  for (const at::ScalarType products : {at::kFloat, at::kBFloat16}) {
    const double tolerance = products == at::kFloat ? 1e-6 : 0.02;
    for (const at::Tensor& leaf : {x, w, bias}) leaf.mutable_grad().reset();
    const at::Tensor found = linear_in(products, x, w, bias);
    EXPECT_LT(difference(found.to(at::kDouble), expected),
              tolerance * expected.abs().max().item<double>());
    (found * mixture).sum().backward();
    const at::Tensor leaves[] = {x, w, bias};
    for (std::size_t i = 0; i < 3; ++i) {
      const at::Tensor gradient = exact[i].grad();
      EXPECT_LT(difference(leaves[i].grad().to(at::kDouble), gradient),
                tolerance * gradient.abs().max().item<double>())
          << i;
    }
  }
}

TEST(ProductTest, BFloat16RoundsTheFactorsAndTheResult) {
  const at::Tensor x = random_tensor({40, 64}, 1), w = random_tensor({24, 64}, 2);
  const at::Tensor bias = random_tensor({24}, 3);
  const at::Tensor found = linear_by_aten(at::kBFloat16, x, w, bias);
  EXPECT_EQ(found.scalar_type(), at::kFloat);
  const at::Tensor exact_sums =
      at::mm(x.to(at::kBFloat16).to(at::kDouble), w.to(at::kBFloat16).to(at::kDouble).t());
  // One rounding to 8 bits after sums that are exact but for float32's rounding.
  const double step = exact_sums.abs().max().item<double>() / 256;
  EXPECT_LT(difference(found - bias, exact_sums), step);
  EXPECT_LT(difference(product(x, w.t(), at::kBFloat16), exact_sums), step);
}

TEST(ProductTest, GradientsInBFloat16StayNearAndInFloat32) {
  const at::Tensor x = random_tensor({40, 64}, 1), w = random_tensor({24, 64}, 2);
  const at::Tensor bias = random_tensor({24}, 3), mixture = random_tensor({40, 24}, 4).detach();
  std::vector<at::Tensor> exact;
  for (const at::ScalarType products : {at::kFloat, at::kBFloat16}) {
    for (const at::Tensor& leaf : {x, w, bias}) leaf.mutable_grad().reset();
    (linear_by_aten(products, x, w, bias) * mixture).sum().backward();
    for (const at::Tensor& leaf : {x, w, bias}) {
      EXPECT_EQ(leaf.grad().scalar_type(), at::kFloat);
      if (products == at::kFloat) exact.push_back(leaf.grad().clone());
    }
  }
  const at::Tensor leaves[] = {x, w, bias};
  for (int i = 0; i < 3; ++i) {
    const double size = exact[static_cast<std::size_t>(i)].abs().max().item<double>();
    EXPECT_LT(difference(leaves[i].grad(), exact[static_cast<std::size_t>(i)]) / size, 0.02) << i;
  }
  EXPECT_EQ(difference(bias.grad(), exact[2]), 0);
}

TEST(ProductTest, FewOutputsStayInFloat32OnTheProcessor) {
  const at::Tensor x = random_tensor({40, 64}, 1), w = random_tensor({16, 64}, 2);
  const at::Tensor bias = random_tensor({16}, 3);
  EXPECT_EQ(difference(linear_in(at::kBFloat16, x, w, bias), at::linear(x, w, bias)), 0);
}

}  // namespace
}  // namespace fastformer::learn
