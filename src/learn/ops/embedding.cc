// Row-sparse embedding lookup.
#include "learn/ops/embedding.h"

#include <fastformer/error.h>

#include "kernels/row_gather.h"
#include "learn/ops/views.h"
#include "learn/ragged.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::span<const std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel())};
}

struct Lookup : public torch::autograd::Function<Lookup> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& table,
                            const at::Tensor& ids) {
    context->save_for_backward({ids});
    context->saved_data["rows"] = table.size(0);
    return table.index_select(0, ids.to(table.device()));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor ids = context->get_saved_variables()[0];
    const at::Tensor upstream = gradients[0].cpu().contiguous();
    const std::int64_t rows = context->saved_data["rows"].toInt(), width = upstream.size(1);
    at::Tensor indices, values;
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "lookup_backward", [&] {
      const auto sum = kernels::sum_rows_by_id<scalar_t>(
          ids_of(ids), const_view<scalar_t>(upstream), torch_parallel_for());
      const auto distinct = static_cast<std::int64_t>(sum.rows.size());
      indices = at::tensor(sum.rows, at::kLong).unsqueeze(0);
      values = at::empty({distinct, width}, upstream.options());
      std::copy(sum.values.begin(), sum.values.end(), values.mutable_data_ptr<scalar_t>());
    });
    const at::Device device = gradients[0].device();
    at::Tensor gradient = at::_sparse_coo_tensor_unsafe(
        indices.to(device), values.to(device), {rows, width},
        gradients[0].options().layout(at::kSparse), /*is_coalesced=*/true);
    return {gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids) {
  const at::Tensor on_processor = ids.cpu().contiguous();
  for (std::int64_t id : ids_of(on_processor)) {
    if (id < 0 || id >= table.size(0)) {
      throw Error("id " + std::to_string(id) + " is outside the embedding table of " +
                  std::to_string(table.size(0)) + " rows");
    }
  }
  return Lookup::apply(table, on_processor);
}

}  // namespace fastformer::learn
