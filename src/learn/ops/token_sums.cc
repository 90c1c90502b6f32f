// The kernel with its backward pass, and the same in ATen.
#include "learn/ops/token_sums.h"

#include "kernels/token_sums.h"

#include "kernels/linear_map.h"
#include "learn/gpu/operations.h"
#include "learn/ops/product.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// directions [heads, width] or [documents, heads, width].
kernels::TokenSums input_of(const at::Tensor& x, const at::Tensor& directions,
                            const std::vector<std::int64_t>& offsets) {
  kernels::TokenSums input;
  input.offsets = offsets;
  input.x = const_view<float>(x);
  input.heads = directions.size(-2);
  input.step = directions.dim() == 3 ? input.heads : 0;
  input.directions = {directions.const_data_ptr<float>(), directions.numel() / x.size(1),
                      x.size(1)};
  return input;
}

struct KernelTokenSums : public torch::autograd::Function<KernelTokenSums> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x_in,
                               const at::Tensor& directions_in, std::vector<std::int64_t> offsets) {
    const at::Tensor x = x_in.contiguous(), directions = directions_in.contiguous();
    const kernels::TokenSums input = input_of(x, directions, offsets);
    at::Tensor weights = at::empty({x.size(0), input.heads}, x.options());
    at::Tensor sums = at::empty({input.documents() * input.heads, x.size(1)}, x.options());
    kernels::token_sums(input, view<float>(weights), view<float>(sums), torch_parallel_for());
    context->save_for_backward({x, directions, weights, sums});
    const std::int64_t documents = input.documents(), heads = input.heads;
    context->saved_data["offsets"] = std::move(offsets);
    context->set_materialize_grads(false);
    return {sums.view({documents, heads, x.size(1)}), x_in};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor& x = saved[0];
    const at::Tensor& directions = saved[1];
    const kernels::TokenSums input = input_of(x, directions, offsets);
    if (!gradients[0].defined()) return {gradients[1], at::Tensor(), at::Tensor()};
    const at::Tensor upstream = gradients[0].contiguous().view({-1, x.size(1)});
    const at::Tensor others = gradients[1].defined() ? gradients[1].contiguous() : at::Tensor();
    at::Tensor x_gradient = at::empty_like(x);
    at::Tensor of_documents = at::empty({input.documents() * input.heads, x.size(1)}, x.options());
    kernels::token_sums_backward(
        input,
        {const_view<float>(saved[2]), const_view<float>(saved[3]), const_view<float>(upstream),
         others.defined() ? const_view<float>(others) : MatrixView<const float>()},
        view<float>(x_gradient), view<float>(of_documents), torch_parallel_for());
    const at::Tensor by_document = of_documents.view({-1, input.heads, x.size(1)});
    return {x_gradient, directions.dim() == 3 ? by_document : by_document.sum(0), at::Tensor()};
  }
};

}  // namespace

bool has_attention_kernels(const at::Tensor& x) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::reach(x.device())) return false;
  }
  return x.is_cpu() && x.scalar_type() == at::kFloat &&
         kernels::has_linear_kernels(x.size(1), x.size(1));
}

SummedTokens token_sums(const at::Tensor& x, const at::Tensor& directions, const Ragged& ragged,
                        at::ScalarType products) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(x)) return gpu::token_sums(x, directions, ragged);
  }
  if (!has_attention_kernels(x)) return {token_sums_by_aten(x, directions, ragged, products), x};
  const variable_list found = KernelTokenSums::apply(x, directions, ragged.offsets);
  return {found[0], found[1]};
}

at::Tensor token_sums_by_aten(const at::Tensor& x, const at::Tensor& directions,
                              const Ragged& ragged, at::ScalarType products) {
  if (ragged.documents() == 0) return x.new_empty({0, directions.size(-2), x.size(1)});
  const std::vector<at::Tensor> documents = x.split_with_sizes(ragged.lengths());
  const std::vector<at::Tensor> own = directions.dim() == 3
                                          ? directions.unbind(0)
                                          : std::vector<at::Tensor>(documents.size(), directions);
  std::vector<at::Tensor> sums;
  for (std::size_t b = 0; b < documents.size(); ++b) {
    const at::Tensor weights = product(own[b], documents[b].t(), products).softmax(1);
    sums.push_back(product(weights, documents[b], products));
  }
  return at::stack(sums);
}

}  // namespace fastformer::learn
