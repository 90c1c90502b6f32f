// Row-sparse embedding lookup.
#include "learn/ops/embedding.h"

#include <fastformer/error.h>

#include "kernels/row_gather.h"
#include "learn/ops/views.h"
#include "learn/ragged.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

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
    const kernels::Grouping grouping = kernels::group_equal(ids_of(ids));
    at::Tensor values = at::empty({grouping.groups(), upstream.size(1)}, upstream.options());
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "lookup_backward", [&] {
      kernels::sum_groups<scalar_t>(grouping, const_view<scalar_t>(upstream),
                                    view<scalar_t>(values), torch_parallel_for());
    });
    return {sparse_rows(grouping.values, values.to(gradients[0].device()),
                        context->saved_data["rows"].toInt()),
            at::Tensor()};
  }
};

}  // namespace

std::span<const std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel())};
}

void check_ids(const at::Tensor& ids, std::int64_t rows) {
  for (std::int64_t id : ids_of(ids)) {
    if (id < 0 || id >= rows) {
      throw Error("id " + std::to_string(id) + " is outside the embedding table of " +
                  std::to_string(rows) + " rows");
    }
  }
}

at::Tensor sparse_rows(const std::vector<std::int64_t>& rows, const at::Tensor& values,
                       std::int64_t table_rows) {
  const at::Tensor indices = at::tensor(rows, at::kLong).unsqueeze(0).to(values.device());
  return at::_sparse_coo_tensor_unsafe(indices, values, {table_rows, values.size(1)},
                                       values.options().layout(at::kSparse),
                                       /*is_coalesced=*/true);
}

at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids) {
  const at::Tensor on_processor = ids.cpu().contiguous();
  check_ids(on_processor, table.size(0));
  return Lookup::apply(table, on_processor);
}

}  // namespace fastformer::learn
