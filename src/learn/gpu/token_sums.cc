// token_sums with its backward pass.
#include "cuda/token_sums.h"

#include "cuda/chunk_sums.h"
#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cuda::TokenSums input_of(const at::Tensor& x, const at::Tensor& directions, const Layout& layout) {
  cuda::TokenSums input;
  input.chunks = layout.chunks();
  input.x = matrix_of(x);
  input.directions = floats_of(directions);
  input.shares_directions = directions.dim() == 2;
  input.heads = directions.size(-2);
  return input;
}

struct TokenSums : public torch::autograd::Function<TokenSums> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x_in,
                               const at::Tensor& directions_in, const Layout& layout) {
    const at::Tensor x = x_in.contiguous(), directions = directions_in.contiguous();
    enter(x);
    const cuda::TokenSums input = input_of(x, directions, layout);
    const std::int64_t chunks = input.chunks.count, heads = input.heads, width = x.size(1);
    at::Tensor partial = at::empty({chunks, heads, width}, float_like(x));
    at::Tensor stats = at::empty({chunks, heads, 2}, float_like(x));
    at::Tensor sums = at::empty({layout.documents(), heads, width}, float_like(x));
    at::Tensor logs = at::empty({layout.documents(), heads}, float_like(x));
    cuda::token_sums(input,
                     {floats_to(partial), floats_to(stats), floats_to(sums), floats_to(logs)});
    context->save_for_backward({x, directions, sums, logs});
    layout.save(*context);
    context->set_materialize_grads(false);
    return {sums, x_in};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Layout layout(*context);
    const at::Tensor &x = saved[0], &directions = saved[1];
    enter(x);
    const cuda::TokenSums input = input_of(x, directions, layout);
    if (!gradients[0].defined()) return {gradients[1], at::Tensor(), at::Tensor()};
    const at::Tensor upstream = gradients[0].contiguous();
    const at::Tensor others = gradients[1].defined() ? gradients[1].contiguous() : at::Tensor();
    at::Tensor x_gradient = at::empty_like(x);
    at::Tensor partial = at::empty({input.chunks.count, input.heads, x.size(1)}, float_like(x));
    cuda::token_sums_backward(input, {floats_of(saved[2]), floats_of(saved[3]), floats_of(upstream),
                                      others.defined() ? others.const_data_ptr() : nullptr,
                                      x_gradient.mutable_data_ptr(), floats_to(partial)});
    at::Tensor of_directions = at::empty_like(directions);
    cuda::ChunkSums sums;
    sums.partial = floats_of(partial);
    sums.rows = sums.heads = input.heads;
    sums.width = x.size(1);
    sums.sums = matrix_of(of_directions.view({-1, x.size(1)}));
    cuda::sum_chunks(input.shares_directions ? layout.together() : input.chunks, sums);
    return {x_gradient, of_directions, at::Tensor()};
  }
};

}  // namespace

SummedTokens token_sums(const at::Tensor& x, const at::Tensor& directions, const Ragged& ragged) {
  const variable_list found = TokenSums::apply(x, directions, ragged.layout);
  return {found[0], found[1]};
}

}  // namespace fastformer::learn::gpu
