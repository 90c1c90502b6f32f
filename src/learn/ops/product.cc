// A linear map whose master weights stay in float32 while its products run in bfloat16.
#include "learn/ops/product.h"

#include "kernels/linear_map.h"
#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

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
    context->saved_data["own_type"] = weight.scalar_type();
    if (inputs.scalar_type() == at::kBFloat16) {
      return at::addmm(bias.to(at::kBFloat16), rounded, narrow.t());
    }
    return at::mm(rounded, narrow.t()).to(inputs.scalar_type()).add_(bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::ScalarType type = context->saved_data["type"].toScalarType();
    const at::ScalarType own_type = context->saved_data["own_type"].toScalarType();
    const at::Tensor upstream = gradients[0].to(at::kBFloat16);
    return {at::mm(upstream, saved[1]).to(type), wide_product(upstream.t(), saved[0], own_type),
            gradients[0].sum(0, false, own_type)};
  }
};

// Through the project's own products: of floats on the processor, in whole panels. `start` is a
// bias, or a row for every row.
struct KernelLinear : public torch::autograd::Function<KernelLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& inputs_in,
                            const at::Tensor& weight_in, const at::Tensor& start_in,
                            bool is_short) {
    const at::Tensor inputs = inputs_in.contiguous(), weight = weight_in.contiguous();
    const at::Tensor start = start_in.contiguous();
    const bool has_rows = start.dim() == 2;
    at::Tensor outputs = at::empty({inputs.size(0), weight.size(0)}, inputs.options());
    kernels::linear_forward({const_view<float>(weight), is_short}, const_view<float>(inputs),
                            {start.const_data_ptr<float>(), has_rows ? weight.size(0) : 0},
                            view<float>(outputs), torch_parallel_for());
    context->save_for_backward({inputs, weight});
    context->saved_data["is_short"] = is_short;
    context->saved_data["has_rows"] = has_rows;
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& inputs = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor inputs_gradient = at::empty_like(inputs), weight_gradient = at::empty_like(weight);
    at::Tensor bias_gradient = at::empty({weight.size(0)}, weight.options());
    kernels::linear_backward({const_view<float>(weight), context->saved_data["is_short"].toBool()},
                             const_view<float>(inputs), const_view<float>(upstream),
                             {view<float>(inputs_gradient), view<float>(weight_gradient),
                              bias_gradient.mutable_data_ptr<float>()},
                             at::get_num_threads(), torch_parallel_for());
    const bool has_rows = context->saved_data["has_rows"].toBool();
    return {inputs_gradient, weight_gradient, has_rows ? gradients[0] : bias_gradient,
            at::Tensor()};
  }
};

}  // namespace

bool has_linear_kernel(const at::Tensor& inputs, const at::Tensor& weight) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::reach(inputs.device())) return false;
  }
  return inputs.is_cpu() && inputs.scalar_type() == at::kFloat &&
         kernels::has_linear_kernels(weight.size(0), weight.size(1));
}

at::Tensor wide_product(const at::Tensor& left, const at::Tensor& right, at::ScalarType type) {
  const bool keeps_sums = left.is_cuda() && type == at::kFloat && left.scalar_type() != type;
  return keeps_sums ? at::mm(left, right, type) : at::mm(left, right).to(type);
}

at::Tensor product(const at::Tensor& left, const at::Tensor& right, at::ScalarType products) {
  if (products != at::kBFloat16) return at::mm(left, right);
  return at::mm(left.to(products), right.to(products)).to(left.scalar_type());
}

at::Tensor linear_in(at::ScalarType products, const at::Tensor& inputs, const at::Tensor& weight,
                     const at::Tensor& bias) {
  const bool is_narrow = inputs.scalar_type() == at::kBFloat16;
  if (!inputs.is_cpu() || is_narrow) return linear_by_aten(products, inputs, weight, bias);
  if (has_linear_kernel(inputs, weight)) {
    return KernelLinear::apply(inputs, weight, bias, products == at::kBFloat16);
  }
  return at::linear(inputs, weight, bias);
}

at::Tensor linear_onto(at::ScalarType products, const at::Tensor& inputs, const at::Tensor& weight,
                       const at::Tensor& start) {
  if (has_linear_kernel(inputs, weight)) {
    return KernelLinear::apply(inputs, weight, start, products == at::kBFloat16);
  }
  return linear_in(products, inputs, weight, at::zeros({weight.size(0)}, weight.options())) + start;
}

at::Tensor linear_by_aten(at::ScalarType products, const at::Tensor& inputs,
                          const at::Tensor& weight, const at::Tensor& bias) {
  if (products != at::kBFloat16) return at::linear(inputs, weight, bias);
  return BFloat16Linear::apply(inputs, weight, bias);
}

}  // namespace fastformer::learn
