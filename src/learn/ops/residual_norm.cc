// On the processor through the kernels.
#include "learn/ops/residual_norm.h"

#include "kernels/residual_norm.h"
#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
std::span<const T> const_span(const at::Tensor& vector) {
  return {vector.const_data_ptr<T>(), static_cast<std::size_t>(vector.numel())};
}

template <typename T>
std::span<T> span_of(at::Tensor& vector) {
  return {vector.mutable_data_ptr<T>(), static_cast<std::size_t>(vector.numel())};
}

struct FusedResidualNorm : public torch::autograd::Function<FusedResidualNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden_in,
                            const at::Tensor& change_in, const at::Tensor& weight_in,
                            const at::Tensor& bias_in, double epsilon, const KeptDropout& kept) {
    const at::Tensor hidden = hidden_in.contiguous(), change = change_in.contiguous();
    const at::Tensor weight = weight_in.contiguous(), bias = bias_in.contiguous();
    at::Tensor sum = at::empty_like(hidden), output = at::empty_like(hidden);
    at::Tensor moments = at::empty({hidden.size(0), 2}, hidden.options());
    AT_DISPATCH_FLOATING_TYPES(hidden.scalar_type(), "residual_norm", [&] {
      kernels::residual_norm<scalar_t>(
          {const_span<scalar_t>(weight), const_span<scalar_t>(bias), epsilon, kept.rule()},
          const_view<scalar_t>(hidden), const_view<scalar_t>(change),
          {view<scalar_t>(sum), view<scalar_t>(moments), view<scalar_t>(output)},
          torch_parallel_for());
    });
    context->save_for_backward({sum, moments, weight});
    kept.save(*context);
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const KeptDropout kept(*context);
    const at::Tensor& sum = saved[0];
    const at::Tensor& moments = saved[1];
    const at::Tensor& weight = saved[2];
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor hidden = at::empty_like(sum), change = at::empty_like(sum);
    at::Tensor weight_gradient = at::empty_like(weight), bias_gradient = at::empty_like(weight);
    AT_DISPATCH_FLOATING_TYPES(sum.scalar_type(), "residual_norm_backward", [&] {
      kernels::residual_norm_backward<scalar_t>(
          {const_span<scalar_t>(weight), {}, 0, kept.rule()},
          {const_view<scalar_t>(sum), const_view<scalar_t>(moments), {}},
          const_view<scalar_t>(upstream),
          {view<scalar_t>(hidden), view<scalar_t>(change), span_of<scalar_t>(weight_gradient),
           span_of<scalar_t>(bias_gradient)},
          torch_parallel_for());
    });
    return {hidden, change, weight_gradient, bias_gradient, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor residual_norm(const at::Tensor& hidden, const Biased& biased, const Ragged& ragged,
                         const Dropout& dropout, const LayerNorm& norm) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(hidden)) return gpu::residual_norm(hidden, biased, ragged, dropout, norm);
  }
  const at::Tensor change = whole(biased, ragged);
  if (!hidden.is_cpu()) return layer_norm(dropped(change, ragged, dropout) + hidden, norm);
  return FusedResidualNorm::apply(hidden, change, norm.weight, norm.bias, norm.epsilon,
                                  KeptDropout(ragged, dropout));
}

at::Tensor layer_norm(const at::Tensor& hidden, const LayerNorm& norm) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(hidden)) return gpu::layer_norm(hidden, norm);
  }
  return at::layer_norm(hidden, {hidden.size(1)}, norm.weight, norm.bias, norm.epsilon);
}

}  // namespace fastformer::learn
