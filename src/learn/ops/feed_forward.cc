// The kernel with its backward pass.
#include "learn/ops/feed_forward.h"

#include "kernels/feed_forward.h"

#include "learn/gpu/operations.h"
#include "learn/ops/product.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct KernelFeedForward : public torch::autograd::Function<KernelFeedForward> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in,
                            const at::Tensor& inner_in, const at::Tensor& inner_bias_in,
                            const at::Tensor& outer_in, const at::Tensor& outer_bias_in,
                            bool is_short) {
    const at::Tensor x = x_in.contiguous(), inner = inner_in.contiguous(),
                     outer = outer_in.contiguous();
    const at::Tensor inner_bias = inner_bias_in.contiguous(),
                     outer_bias = outer_bias_in.contiguous();
    at::Tensor units = at::empty({x.size(0), inner.size(0)}, x.options());
    at::Tensor y = at::empty_like(x);
    kernels::feed_forward(
        {const_view<float>(inner), const_view<float>(outer), inner_bias.const_data_ptr<float>(),
         outer_bias.const_data_ptr<float>(), is_short},
        const_view<float>(x), view<float>(units), view<float>(y), torch_parallel_for());
    context->save_for_backward({x, inner, outer, units});
    context->saved_data["is_short"] = is_short;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &inner = saved[1], &outer = saved[2];
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor rows = at::empty_like(x), of_inner = at::empty_like(inner),
               of_outer = at::empty_like(outer);
    at::Tensor of_inner_bias = at::empty({inner.size(0)}, inner.options());
    at::Tensor of_outer_bias = at::empty({outer.size(0)}, outer.options());
    kernels::FeedForward map;
    map.inner = const_view<float>(inner);
    map.outer = const_view<float>(outer);
    map.is_short = context->saved_data["is_short"].toBool();
    kernels::feed_forward_backward(
        map, const_view<float>(x), const_view<float>(saved[3]), const_view<float>(upstream),
        {view<float>(rows), view<float>(of_inner), view<float>(of_outer),
         of_inner_bias.mutable_data_ptr<float>(), of_outer_bias.mutable_data_ptr<float>()},
        at::get_num_threads(), torch_parallel_for());
    return {rows, of_inner, of_inner_bias, of_outer, of_outer_bias, at::Tensor()};
  }
};

}  // namespace

Biased feed_forward(const at::Tensor& x, const FeedForwardWeights& w, at::ScalarType products,
                    bool leaves_bias) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_feed_forward_kernels(x, w.inner.size(0))) {
      if (!leaves_bias) return gpu::feed_forward(x, w, products);
      return {gpu::feed_forward(x, {w.inner, w.inner_bias, w.outer, {}}, products), w.outer_bias};
    }
  }
  if (has_linear_kernel(x, w.inner)) {
    return KernelFeedForward::apply(x, w.inner, w.inner_bias, w.outer, w.outer_bias,
                                    products == at::kBFloat16);
  }
  return linear_in(products, at::gelu(linear_in(products, x, w.inner, w.inner_bias)), w.outer,
                   w.outer_bias);
}

}  // namespace fastformer::learn
