// Depthwise convolution through the kernel on the processor, elsewhere through ATen.
#include "learn/ops/local_convolution.h"

#include "kernels/depthwise_convolution.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor convolved(const std::vector<std::int64_t>& offsets, const at::Tensor& rows,
                     const at::Tensor& taps, const at::Tensor& bias) {
  at::Tensor outputs = at::empty_like(rows);
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "local_convolution", [&] {
    kernels::depthwise_convolution<scalar_t>(
        offsets, const_view<scalar_t>(rows), const_view<scalar_t>(taps),
        std::span(bias.const_data_ptr<scalar_t>(), static_cast<std::size_t>(bias.numel())),
        view<scalar_t>(outputs), torch_parallel_for());
  });
  return outputs;
}

struct LocalConvolution : public torch::autograd::Function<LocalConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden_in,
                            const at::Tensor& weight_in, const at::Tensor& bias_in,
                            std::vector<std::int64_t> offsets) {
    const at::Tensor hidden = hidden_in.contiguous(), weight = weight_in.contiguous();
    const at::Tensor outputs = convolved(offsets, hidden, weight, bias_in.contiguous());
    context->save_for_backward({hidden, weight});
    context->saved_data["offsets"] = std::move(offsets);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &hidden = saved[0], &weight = saved[1];
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    const at::Tensor hidden_gradient = convolved(offsets, upstream, weight.flip(0).contiguous(),
                                                 at::zeros({weight.size(1)}, weight.options()));
    at::Tensor weight_gradient = at::empty_like(weight);
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "local_convolution_backward", [&] {
      kernels::depthwise_convolution_taps_backward<scalar_t>(
          offsets, const_view<scalar_t>(hidden), const_view<scalar_t>(upstream),
          view<scalar_t>(weight_gradient), torch_parallel_for());
    });
    return {hidden_gradient, weight_gradient, upstream.sum(0), at::Tensor()};
  }
};

}  // namespace

at::Tensor local_convolution(const at::Tensor& hidden, const at::Tensor& weight,
                             const at::Tensor& bias, const Ragged& ragged) {
  if (!hidden.is_cpu()) return local_convolution_by_aten(hidden, weight, bias, ragged);
  return LocalConvolution::apply(hidden, weight, bias, ragged.offsets);
}

at::Tensor local_convolution_by_aten(const at::Tensor& hidden, const at::Tensor& weight,
                                     const at::Tensor& bias, const Ragged& ragged) {
  const std::int64_t tokens = hidden.size(0), taps = weight.size(0);
  const at::Tensor place = at::arange(tokens, ragged.document_of.options());
  at::Tensor sum = bias.expand({tokens, hidden.size(1)});
  for (std::int64_t k = 0; k < taps; ++k) {
    const at::Tensor wanted = place + (k - taps / 2);
    const at::Tensor neighbour = wanted.clamp(0, tokens - 1);
    const at::Tensor there = at::logical_and(
        neighbour == wanted, ragged.document_of.index_select(0, neighbour) == ragged.document_of);
    const at::Tensor rows = hidden.index_select(0, neighbour);
    sum = sum + rows * weight[k] * there.unsqueeze(1);
  }
  return sum;
}

}  // namespace fastformer::learn
