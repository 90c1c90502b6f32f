// Embedding lookup, through kernels where the table is on the processor and its gradient sparse.
#include "learn/ops/embedding.h"

#include <fastformer/error.h>

#include "kernels/row_gather.h"
#include "learn/device.h"
#include "learn/ops/views.h"
#include "learn/ragged.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The forward pass of both lookups, which differ in how they sum the gradient's rows.
at::Tensor forward_rows(AutogradContext& context, const at::Tensor& table, const at::Tensor& ids) {
  context.save_for_backward({ids});
  context.saved_data["rows"] = table.size(0);
  return table.index_select(0, ids);
}

struct Lookup : public torch::autograd::Function<Lookup> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& table,
                            const at::Tensor& ids) {
    return forward_rows(*context, table, ids);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor ids = context->get_saved_variables()[0];
    const at::Tensor upstream = gradients[0].contiguous();
    const kernels::Grouping grouping = kernels::group_equal(ids_of(ids));
    at::Tensor values = at::empty({grouping.groups(), upstream.size(1)}, upstream.options());
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "lookup_backward", [&] {
      kernels::sum_groups<scalar_t>(grouping, const_view<scalar_t>(upstream),
                                    view<scalar_t>(values), torch_parallel_for());
    });
    return {sparse_rows(grouping.values, values, context->saved_data["rows"].toInt()),
            at::Tensor()};
  }
};

// `rows` as sparse_rows() takes them, in a tensor.
at::Tensor sparse_of(const at::Tensor& rows, const at::Tensor& values, std::int64_t table_rows) {
  return at::_sparse_coo_tensor_unsafe(rows.unsqueeze(0), values, {table_rows, values.size(1)},
                                       values.options().layout(at::kSparse),
                                       /*is_coalesced=*/true);
}

struct RowLookup : public torch::autograd::Function<RowLookup> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& table,
                            const at::Tensor& ids) {
    return forward_rows(*context, table, ids);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor ids = context->get_saved_variables()[0];
    const auto [rows, row_of, counts] =
        at::_unique2(ids, /*sorted=*/true, /*return_inverse=*/true, /*return_counts=*/false);
    // Sums of many rows without atomic additions, whose order would change from run to run.
    const at::Tensor values =
        at::embedding_dense_backward(gradients[0].contiguous(), row_of, rows.size(0),
                                     /*padding_idx=*/-1, /*scale_grad_by_freq=*/false);
    return {sparse_of(rows, values, context->saved_data["rows"].toInt()), at::Tensor()};
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
  return sparse_of(on_device(at::tensor(rows, at::kLong), values.device()), values, table_rows);
}

at::Tensor lookup(const at::Tensor& table, const at::Tensor& ids, TableGradient gradient) {
  const at::Tensor listed = (table.is_cpu() ? ids.cpu() : ids).contiguous();
  if (listed.is_cpu()) check_ids(listed, table.size(0));
  if (table.is_cpu() && gradient == TableGradient::kRows) return Lookup::apply(table, listed);
  return lookup_by_aten(table, on_device(listed, table.device()), gradient);
}

at::Tensor lookup_by_aten(const at::Tensor& table, const at::Tensor& ids, TableGradient gradient) {
  if (gradient == TableGradient::kAll) return at::embedding(table, ids);
  return RowLookup::apply(table, ids);
}

}  // namespace fastformer::learn
