// The kernel with its backward pass, and the same in ATen.
#include "learn/ops/composed_map.h"

#include "kernels/composed_map.h"

#include "learn/gpu/operations.h"
#include "learn/ops/product.h"
#include "learn/ops/token_sums.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Of x, keys, spread, query and straight, in this order.
kernels::ComposedMap map_of(const variable_list& tensors, const std::vector<std::int64_t>& offsets,
                            bool is_short) {
  kernels::ComposedMap map;
  map.offsets = offsets;
  map.x = const_view<float>(tensors[0]);
  map.keys = const_view<float>(tensors[1]);
  map.spread = const_view<float>(tensors[2]);
  map.query = const_view<float>(tensors[3]);
  map.straight = const_view<float>(tensors[4]);
  map.is_short = is_short;
  return map;
}

struct KernelComposedMap : public torch::autograd::Function<KernelComposedMap> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& keys,
                            const at::Tensor& spread, const at::Tensor& query,
                            const at::Tensor& straight, const at::Tensor& biases_in,
                            std::vector<std::int64_t> offsets, bool is_short) {
    const variable_list saved = {x.contiguous(), keys.contiguous(), spread.contiguous(),
                                 query.contiguous(), straight.contiguous()};
    const at::Tensor biases = biases_in.contiguous();
    at::Tensor y = at::empty_like(saved[0]);
    kernels::composed_map(map_of(saved, offsets, is_short), const_view<float>(biases),
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
    found.push_back(at::empty_like(saved[1]));
    kernels::composed_map_backward(
        map_of(saved, offsets, context->saved_data["is_short"].toBool()),
        const_view<float>(upstream),
        {view<float>(found[0]), view<float>(found[1]), view<float>(found[5]), view<float>(found[2]),
         view<float>(found[3]), view<float>(found[4])},
        at::get_num_threads(), torch_parallel_for());
    found.resize(8);
    return found;
  }
};

}  // namespace

Biased composed_map(const at::Tensor& x, const at::Tensor& keys, const MapWeights& weights,
                    const at::Tensor& biases, const Ragged& ragged, at::ScalarType products) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(x)) {
      return {gpu::composed_map(x, keys, weights, ragged, products), biases};
    }
  }
  if (!has_attention_kernels(x)) {
    return composed_map_by_aten(x, keys, weights, biases, ragged, products);
  }
  return KernelComposedMap::apply(x, keys, weights.spread, weights.query, weights.straight, biases,
                                  ragged.offsets, products == at::kBFloat16);
}

at::Tensor composed_map_by_aten(const at::Tensor& x, const at::Tensor& keys,
                                const MapWeights& weights, const at::Tensor& biases,
                                const Ragged& ragged, at::ScalarType products) {
  if (ragged.documents() == 0) return x;
  const std::vector<at::Tensor> documents = x.split_with_sizes(ragged.lengths()),
                                own_keys = keys.unbind(0), own_biases = biases.unbind(0);
  std::vector<at::Tensor> mapped;
  for (std::size_t b = 0; b < documents.size(); ++b) {
    const at::Tensor matrix =
        weights.straight + product(weights.spread * own_keys[b], weights.query, products);
    mapped.push_back(product(documents[b], matrix.t(), products) + own_biases[b]);
  }
  return at::cat(mapped);
}

}  // namespace fastformer::learn
