// The kernel with its backward pass.
#include "learn/ops/document_map.h"

#include "kernels/document_map.h"

#include "learn/ops/document_scale.h"
#include "learn/ops/product.h"
#include "learn/ops/token_sums.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Of x, keys, scaled and straight, in this order.
kernels::DocumentMap map_of(const variable_list& tensors, const std::vector<std::int64_t>& offsets,
                            bool is_short) {
  kernels::DocumentMap map;
  map.offsets = offsets;
  map.x = const_view<float>(tensors[0]);
  map.keys = const_view<float>(tensors[1]);
  map.scaled = const_view<float>(tensors[2]);
  map.straight = const_view<float>(tensors[3]);
  map.is_short = is_short;
  return map;
}

struct KernelDocumentMap : public torch::autograd::Function<KernelDocumentMap> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& keys,
                            const at::Tensor& scaled, const at::Tensor& straight,
                            const at::Tensor& bias_in, std::vector<std::int64_t> offsets,
                            bool is_short) {
    const variable_list saved = {x.contiguous(), keys.contiguous(), scaled.contiguous(),
                                 straight.contiguous()};
    const at::Tensor bias = bias_in.contiguous();
    at::Tensor y = at::empty_like(saved[0]);
    kernels::document_map(map_of(saved, offsets, is_short), bias.const_data_ptr<float>(),
                          view<float>(y), torch_parallel_for());
    context->save_for_backward(saved);
    context->saved_data["offsets"] = std::move(offsets);
    context->saved_data["is_short"] = is_short;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    variable_list found;
    for (const at::Tensor& tensor : saved) found.push_back(at::empty_like(tensor));
    found.push_back(at::empty({upstream.size(1)}, upstream.options()));
    kernels::document_map_backward(
        map_of(saved, offsets, context->saved_data["is_short"].toBool()),
        const_view<float>(upstream),
        {view<float>(found[0]), view<float>(found[1]), view<float>(found[2]), view<float>(found[3]),
         found[4].mutable_data_ptr<float>()},
        at::get_num_threads(), torch_parallel_for());
    found.resize(7);
    return found;
  }
};

}  // namespace

at::Tensor document_map(const at::Tensor& x, const at::Tensor& keys, const at::Tensor& scaled,
                        const at::Tensor& straight, const at::Tensor& bias, const Ragged& ragged,
                        at::ScalarType products) {
  if (has_attention_kernels(x)) {
    return KernelDocumentMap::apply(x, keys, scaled, straight, bias, ragged.offsets,
                                    products == at::kBFloat16);
  }
  return linear_onto(products, document_scale(x, keys, ragged), scaled,
                     linear_in(products, x, straight, bias));
}

}  // namespace fastformer::learn
