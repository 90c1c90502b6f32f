// Additive pooling and its inverse, spreading a document's row over its tokens.
#include "learn/ops/pooling.h"

#include <cmath>
#include <limits>

#include "kernels/additive_pooling.h"
#include "kernels/document_sum.h"
#include "learn/gpu/operations.h"
#include "learn/ops/views.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
kernels::AdditivePooling<T> pooling_of(const at::Tensor& scores, const at::Tensor& values,
                                       const std::vector<std::int64_t>& offsets, double epsilon) {
  return {offsets, const_view<T>(scores), const_view<T>(values), epsilon};
}

struct AdditivePool : public torch::autograd::Function<AdditivePool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& scores_in,
                            const at::Tensor& values_in, std::vector<std::int64_t> offsets,
                            double epsilon) {
    const at::Tensor scores = scores_in.contiguous(), values = values_in.contiguous();
    const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
    at::Tensor weights = at::empty_like(scores);
    at::Tensor pooled = at::empty({documents, values.size(1)}, values.options());
    AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "additive_pool", [&] {
      kernels::additive_pooling(pooling_of<scalar_t>(scores, values, offsets, epsilon),
                                view<scalar_t>(weights), view<scalar_t>(pooled),
                                torch_parallel_for());
    });
    context->save_for_backward({scores, values, weights});
    context->saved_data["offsets"] = std::move(offsets);
    return pooled;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor scores_gradient = at::empty_like(saved[0]);
    at::Tensor values_gradient = at::empty_like(saved[1]);
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "additive_pool_backward", [&] {
      kernels::additive_pooling_backward(
          pooling_of<scalar_t>(saved[0], saved[1], offsets, 0), const_view<scalar_t>(saved[2]),
          const_view<scalar_t>(upstream), view<scalar_t>(scores_gradient),
          view<scalar_t>(values_gradient), torch_parallel_for());
    });
    return {scores_gradient, values_gradient, at::Tensor(), at::Tensor()};
  }
};

struct Spread : public torch::autograd::Function<Spread> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows,
                            const at::Tensor& document_of, std::vector<std::int64_t> offsets) {
    context->saved_data["offsets"] = std::move(offsets);
    return rows.index_select(0, document_of);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const std::vector<std::int64_t> offsets = context->saved_data["offsets"].toIntVector();
    const at::Tensor upstream = gradients[0].contiguous();
    const auto documents = static_cast<std::int64_t>(offsets.size()) - 1;
    at::Tensor sums = at::empty({documents, upstream.size(1)}, upstream.options());
    AT_DISPATCH_FLOATING_TYPES(upstream.scalar_type(), "spread_backward", [&] {
      kernels::document_sum<scalar_t>(offsets, const_view<scalar_t>(upstream), view<scalar_t>(sums),
                                      torch_parallel_for());
    });
    return {sums, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor additive_pool(const at::Tensor& scores, const at::Tensor& values, const Ragged& ragged,
                         double epsilon) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_pooling_kernels(values, scores.size(1))) {
      return gpu::additive_pool(scores, values, ragged, epsilon);
    }
  }
  if (!values.is_cpu()) return additive_pool_by_aten(scores, values, ragged, epsilon);
  return AdditivePool::apply(scores, values, ragged.offsets, epsilon);
}

at::Tensor additive_pool_by_aten(const at::Tensor& scores, const at::Tensor& values,
                                 const Ragged& ragged, double epsilon) {
  if (values.scalar_type() == at::kBFloat16) {  // too narrow to be summed in
    return additive_pool_by_aten(scores.to(at::kFloat), values.to(at::kFloat), ragged, epsilon)
        .to(values.scalar_type());
  }
  const at::Tensor& document = ragged.document_of;
  const std::int64_t documents = ragged.documents(), heads = scores.size(1);
  const at::Tensor index = document.unsqueeze(1).expand({-1, heads});
  const at::Tensor largest = at::zeros({documents, heads}, scores.options())
                                 .scatter_reduce(0, index, scores.detach(), "amax",
                                                 /*include_self=*/false);
  const at::Tensor raised = (scores - largest.index_select(0, document)).exp();
  const at::Tensor zero = at::zeros({documents, heads}, scores.options());
  at::Tensor sum = zero.index_add(0, document, raised);
  if (epsilon > 0) {
    const double most = values.scalar_type() == at::kDouble ? std::numeric_limits<double>::max()
                                                            : std::numeric_limits<float>::max();
    sum = sum + (std::log(epsilon) - largest).exp().clamp_max(most);
  }
  const at::Tensor weights = raised / sum.index_select(0, document);
  const at::Tensor by_head = values.view({values.size(0), heads, -1});
  const at::Tensor weighted = (weights.unsqueeze(2) * by_head).flatten(1);
  return at::zeros({documents, values.size(1)}, values.options()).index_add(0, document, weighted);
}

at::Tensor spread(const at::Tensor& rows, const Ragged& ragged) {
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(rows)) return gpu::spread(rows, ragged);
  }
  if (!rows.is_cpu()) return rows.index_select(0, ragged.document_of);
  return Spread::apply(rows, ragged.document_of, ragged.offsets);
}

}  // namespace fastformer::learn
