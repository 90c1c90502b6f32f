// Dropout, residual sum and layer norm as one operation.
#include "learn/ops/residual_norm.h"

#include <gtest/gtest.h>

#include "gradient_check.h"
#include "small_model.h"

namespace fastformer::learn {
namespace {

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed,
                         at::ScalarType type = at::kDouble) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  Random random(seed);
  double* values = tensor.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = 1 + 2 * random.normal();
  return tensor.to(type).set_requires_grad(true);
}

struct Case {
  std::int64_t tokens, width;
  Dropout dropout;
};

class ResidualNormTest : public testing::TestWithParam<Case> {
 protected:
  // Fresh leaves of one type.
  struct Inputs {
    at::Tensor hidden, change;
    LayerNorm norm;
    std::vector<at::Tensor> all() const { return {hidden, change, norm.weight, norm.bias}; }
  };
  static Inputs inputs(at::ScalarType type) {
    const std::int64_t tokens = GetParam().tokens, width = GetParam().width;
    return {random_tensor({tokens, width}, 1, type),
            random_tensor({tokens, width}, 2, type),
            {random_tensor({width}, 3, type), random_tensor({width}, 4, type), 1e-3}};
  }
  at::Tensor fused(const Inputs& in) const {
    return residual_norm(in.hidden, in.change, ragged_, GetParam().dropout, in.norm);
  }
  at::Tensor composed(const Inputs& in) const {
    return layer_norm(in.hidden + dropped(in.change, ragged_, GetParam().dropout), in.norm);
  }
  std::vector<at::Tensor> gradients(const at::Tensor& output, const Inputs& in) const {
    const at::Tensor mixture = random_tensor(output.sizes(), 5, output.scalar_type()).detach();
    for (const at::Tensor& leaf : in.all()) leaf.mutable_grad().reset();
    (output * mixture).sum().backward();
    std::vector<at::Tensor> found;
    for (const at::Tensor& leaf : in.all()) found.push_back(leaf.grad().clone());
    return found;
  }

  const Ragged ragged_ =
      Ragged::from_offsets({0, GetParam().tokens / 3, GetParam().tokens / 3, GetParam().tokens});
};

TEST_P(ResidualNormTest, EqualsItsParts) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    if (type == at::kFloat && GetParam().width == 1) continue;  // both round what is exactly 0
    const double tolerance = type == at::kDouble ? 1e-12 : 1e-4;
    const Inputs in = inputs(type);
    const at::Tensor ours = fused(in), theirs = composed(in);
    EXPECT_LT(difference(ours, theirs), tolerance);
    const auto ours_back = gradients(ours, in), theirs_back = gradients(theirs, in);
    for (std::size_t i = 0; i < ours_back.size(); ++i) {
      const double scale = std::max(1.0, theirs_back[i].abs().max().item<double>());
      EXPECT_LT(difference(ours_back[i], theirs_back[i]) / scale, tolerance) << i;
    }
  }
}

TEST_P(ResidualNormTest, GradientsEqualFiniteDifferences) {
  const Inputs in = inputs(at::kDouble);
  const at::Tensor mixture = random_tensor(in.hidden.sizes(), 5).detach();
  const auto loss = [&] { return (fused(in) * mixture).sum(); };
  check_gradient(in.hidden, loss, "hidden");
  check_gradient(in.change, loss, "change");
  check_gradient(in.norm.weight, loss, "weight");
  check_gradient(in.norm.bias, loss, "bias");
}

TEST_P(ResidualNormTest, ThreadsChangeNothing) {
  const Inputs in = inputs(at::kFloat);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = fused(in);
  const auto one_back = gradients(one, in);
  at::set_num_threads(3);
  const at::Tensor three = fused(in);
  const auto three_back = gradients(three, in);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one, three));
  for (std::size_t i = 0; i < one_back.size(); ++i) {
    EXPECT_TRUE(at::equal(one_back[i], three_back[i])) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ResidualNormTest,
                         testing::Values(Case{5, 1, {}}, Case{7, 12, {}}, Case{20, 16, {0.3, 1}},
                                         Case{300, 17, {0.3, 1}}, Case{33, 300, {0.3, 1}},
                                         Case{50, 37, {0.4, 2, DropoutMask::kDocument}},
                                         Case{900, 9, {0.4, 2, DropoutMask::kDocument}},
                                         Case{3, 2000, {0.1, 3}}));

}  // namespace
}  // namespace fastformer::learn
