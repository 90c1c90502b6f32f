// The feed-forward part as one operation, whose outer bias may be left to what comes next.
#include "learn/ops/feed_forward.h"

#include <optional>

#include "cuda/gelu.h"
#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"
#include "learn/ops/product.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FusedFeedForward : public torch::autograd::Function<FusedFeedForward> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in,
                            const at::Tensor& inner_in, const at::Tensor& inner_bias,
                            const at::Tensor& outer_in, const std::optional<at::Tensor>& outer_bias,
                            at::ScalarType products) {
    const at::Tensor x = x_in.to(products), inner = inner_in.to(products),
                     outer = outer_in.to(products);
    const at::Tensor inputs = at::addmm(inner_bias.to(products), x, inner.t());
    const at::Tensor units = at::gelu(inputs);
    context->save_for_backward({x, inner, outer, inputs, units});
    context->saved_data["type"] = x_in.scalar_type();
    context->saved_data["adds_bias"] = outer_bias.has_value();
    const at::Tensor y = outer_bias ? at::addmm(outer_bias->to(products), units, outer.t())
                                    : at::mm(units, outer.t());
    return y.to(x_in.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &inner = saved[1], &outer = saved[2], &inputs = saved[3];
    const at::Tensor upstream = gradients[0].to(x.scalar_type());
    at::Tensor of_inputs = at::mm(upstream, outer);
    at::Tensor partial =
        at::empty({cuda::gelu_blocks(inputs.size(0)), inputs.size(1)}, float_like(inputs));
    const bool adds_bias = context->saved_data["adds_bias"].toBool();
    enter(inputs);
    cuda::gelu_backward({matrix_of(inputs), of_inputs.mutable_data_ptr(), floats_to(partial)});
    return {at::mm(of_inputs, inner).to(context->saved_data["type"].toScalarType()),
            wide_product(of_inputs.t(), x, at::kFloat),
            partial.sum(0),
            wide_product(upstream.t(), saved[4], at::kFloat),
            adds_bias ? gradients[0].sum(0, false, at::kFloat) : at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

bool has_feed_forward_kernels(const at::Tensor& x, std::int64_t units) {
  return has_kernels(x) && units % cuda::kVector == 0;
}

at::Tensor feed_forward(const at::Tensor& x, const FeedForwardWeights& weights,
                        at::ScalarType products) {
  const at::ScalarType type = products == at::kBFloat16 ? products : x.scalar_type();
  const at::Tensor& bias = weights.outer_bias;
  return FusedFeedForward::apply(x, weights.inner, weights.inner_bias, weights.outer,
                                 bias.defined() ? std::optional(bias) : std::nullopt, type);
}

}  // namespace fastformer::learn::gpu
