// Max pooling through the kernel on the processor, elsewhere through ATen.
#include "learn/ops/max_pooling.h"

#include "kernels/document_max.h"
#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct MaxPool : public torch::autograd::Function<MaxPool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden_in,
                            std::vector<std::int64_t> offsets) {
    const at::Tensor hidden = hidden_in.contiguous();
    const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
    at::Tensor maxima = at::empty({documents, hidden.size(1)}, hidden.options());
    at::Tensor tokens = at::empty({documents, hidden.size(1)}, at::kInt);
    AT_DISPATCH_FLOATING_TYPES(hidden.scalar_type(), "max_pool", [&] {
      kernels::document_max<scalar_t>(offsets, const_view<scalar_t>(hidden), view<scalar_t>(maxima),
                                      view<std::int32_t>(tokens), torch_parallel_for());
    });
    context->save_for_backward({tokens});
    context->saved_data["offsets"] = std::move(offsets);
    return maxima;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor tokens = context->get_saved_variables()[0];
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor gradient = at::empty({offsets.back(), upstream.size(1)}, upstream.options());
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "max_pool_backward", [&] {
      kernels::document_max_backward<scalar_t>(offsets, const_view<std::int32_t>(tokens),
                                               const_view<scalar_t>(upstream),
                                               view<scalar_t>(gradient), torch_parallel_for());
    });
    return {gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor max_pool(const at::Tensor& hidden, const Ragged& ragged) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(hidden)) return gpu::max_pool(hidden, ragged);
  }
  if (!hidden.is_cpu()) return max_pool_by_aten(hidden, ragged);
  return MaxPool::apply(hidden, ragged.offsets);
}

at::Tensor max_pool_by_aten(const at::Tensor& hidden, const Ragged& ragged) {
  const at::Tensor index = ragged.document_of.unsqueeze(1).expand({-1, hidden.size(1)});
  return at::zeros({ragged.documents(), hidden.size(1)}, hidden.options())
      .scatter_reduce(0, index, hidden, "amax", /*include_self=*/false);
}

}  // namespace fastformer::learn
