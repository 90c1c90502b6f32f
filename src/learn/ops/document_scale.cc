// The kernel with its backward pass.
#include "learn/ops/document_scale.h"

#include "kernels/document_scale.h"

#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor scaled(const at::Tensor& rows, const at::Tensor& vectors,
                  const std::vector<std::int64_t>& offsets) {
  at::Tensor result = at::empty_like(rows);
  AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "document_scale", [&] {
    kernels::document_scale<scalar_t>(offsets, const_view<scalar_t>(rows),
                                      const_view<scalar_t>(vectors), view<scalar_t>(result),
                                      torch_parallel_for());
  });
  return result;
}

struct DocumentScale : public torch::autograd::Function<DocumentScale> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows_in,
                            const at::Tensor& vectors_in, std::vector<std::int64_t> offsets) {
    const at::Tensor rows = rows_in.contiguous(), vectors = vectors_in.contiguous();
    const at::Tensor result = scaled(rows, vectors, offsets);
    context->save_for_backward({rows, vectors});
    context->saved_data["offsets"] = std::move(offsets);
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor of_vectors = at::empty_like(saved[1]);
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "document_scale_backward", [&] {
      kernels::document_scale_vectors_backward<scalar_t>(
          offsets, const_view<scalar_t>(saved[0]), const_view<scalar_t>(upstream),
          view<scalar_t>(of_vectors), torch_parallel_for());
    });
    return {scaled(upstream, saved[1], offsets), of_vectors, at::Tensor()};
  }
};

}  // namespace

at::Tensor document_scale(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(rows)) return gpu::document_scale(rows, vectors, ragged);
  }
  if (!rows.is_cpu()) return rows * vectors.index_select(0, ragged.document_of);
  return DocumentScale::apply(rows, vectors, ragged.offsets);
}

}  // namespace fastformer::learn
