// A linear map whose master weights stay in float32 while its products run in bfloat16.
#include "learn/ops/product.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct BFloat16Linear : public torch::autograd::Function<BFloat16Linear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& inputs,
                            const at::Tensor& weight, const at::Tensor& bias) {
    const at::Tensor rounded = inputs.to(at::kBFloat16), narrow = weight.to(at::kBFloat16);
    context->save_for_backward({rounded, narrow});
    context->saved_data["type"] = inputs.scalar_type();
    return at::mm(rounded, narrow.t()).to(inputs.scalar_type()).add_(bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::ScalarType type = context->saved_data["type"].toScalarType();
    const at::Tensor upstream = gradients[0].to(at::kBFloat16);
    return {at::mm(upstream, saved[1]).to(type), at::mm(upstream.t(), saved[0]).to(type),
            gradients[0].sum(0)};
  }
};

}  // namespace

at::Tensor product(const at::Tensor& left, const at::Tensor& right, at::ScalarType products) {
  if (products != at::kBFloat16) return at::mm(left, right);
  return at::mm(left.to(products), right.to(products)).to(left.scalar_type());
}

at::Tensor linear_in(at::ScalarType products, const at::Tensor& inputs, const at::Tensor& weight,
                     const at::Tensor& bias) {
  if (products != at::kBFloat16) return at::linear(inputs, weight, bias);
  return BFloat16Linear::apply(inputs, weight, bias);
}

}  // namespace fastformer::learn
