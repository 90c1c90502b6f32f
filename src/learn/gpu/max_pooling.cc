// Max pooling with its backward pass.
#include "cuda/document_max.h"
#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct MaxPool : public torch::autograd::Function<MaxPool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden_in,
                            const Layout& layout) {
    const at::Tensor hidden = hidden_in.contiguous();
    enter(hidden);
    const std::int64_t chunks = layout.chunks().count, width = hidden.size(1);
    const auto numbers = hidden.options().dtype(at::kInt);
    at::Tensor maxima = at::empty({layout.documents(), width}, hidden.options());
    at::Tensor tokens = at::empty({layout.documents(), width}, numbers);
    at::Tensor chunk_maxima = at::empty({chunks, width}, float_like(hidden));
    at::Tensor chunk_tokens = at::empty({chunks, width}, numbers);
    cuda::document_max({layout.chunks(), matrix_of(hidden), maxima.mutable_data_ptr(),
                        tokens.mutable_data_ptr<std::int32_t>(), floats_to(chunk_maxima),
                        chunk_tokens.mutable_data_ptr<std::int32_t>()});
    context->save_for_backward({tokens});
    context->saved_data["tokens"] = hidden.size(0);
    return maxima;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor tokens = context->get_saved_variables()[0];
    const at::Tensor upstream = gradients[0].contiguous();
    enter(upstream);
    at::Tensor gradient =
        at::zeros({context->saved_data["tokens"].toInt(), upstream.size(1)}, upstream.options());
    cuda::document_max_backward(tokens.const_data_ptr<std::int32_t>(), matrix_of(upstream),
                                gradient.mutable_data_ptr());
    return {gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor max_pool(const at::Tensor& hidden, const Ragged& ragged) {
  return MaxPool::apply(hidden, ragged.layout);
}

}  // namespace fastformer::learn::gpu
