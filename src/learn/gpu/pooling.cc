// Sums over documents, and rows that meet their document's, with their backward passes.
#include "cuda/additive_pool.h"
#include "cuda/document_rows.h"
#include "learn/gpu/operations.h"
#include "learn/gpu/tensors.h"

namespace fastformer::learn::gpu {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cuda::AdditivePool input_of(const at::Tensor& scores, const at::Tensor& values,
                            const Layout& layout, double epsilon) {
  return {layout.chunks(), matrix_of(scores), matrix_of(values), static_cast<float>(epsilon)};
}

struct AdditivePool : public torch::autograd::Function<AdditivePool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& scores_in,
                            const at::Tensor& values_in, const Layout& layout, double epsilon) {
    const at::Tensor values = values_in.contiguous();
    const at::Tensor scores = scores_in.to(values.scalar_type()).contiguous();
    enter(values);
    const cuda::AdditivePool input = input_of(scores, values, layout, epsilon);
    const std::int64_t chunks = input.chunks.count, heads = scores.size(1), width = values.size(1);
    at::Tensor partial = at::empty({chunks, width}, float_like(values));
    at::Tensor stats = at::empty({chunks, heads, 2}, float_like(values));
    at::Tensor logs = at::empty({layout.documents(), heads}, float_like(values));
    at::Tensor pooled = at::empty({layout.documents(), width}, values.options());
    cuda::additive_pool(
        input, {floats_to(partial), floats_to(stats), floats_to(logs), pooled.mutable_data_ptr()});
    context->save_for_backward({scores, values, pooled, logs});
    layout.save(*context);
    return pooled;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Layout layout(*context);
    enter(saved[1]);
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor of_scores = at::empty_like(saved[0]), of_values = at::empty_like(saved[1]);
    cuda::additive_pool_backward(
        input_of(saved[0], saved[1], layout, 0),
        {saved[2].const_data_ptr(), upstream.const_data_ptr(), floats_of(saved[3]),
         of_scores.mutable_data_ptr(), of_values.mutable_data_ptr()});
    return {of_scores, of_values, at::Tensor(), at::Tensor()};
  }
};

at::Tensor sums_of(const at::Tensor& rows, const at::Tensor& factors, at::ScalarType type,
                   const Layout& layout) {
  at::Tensor partial = at::empty({layout.chunks().count, rows.size(1)}, float_like(rows));
  at::Tensor sums = at::empty({layout.documents(), rows.size(1)}, rows.options().dtype(type));
  cuda::document_sums({layout.chunks(), matrix_of(rows),
                       factors.defined() ? factors.const_data_ptr() : nullptr, floats_to(partial),
                       matrix_of(sums)});
  return sums;
}

at::Tensor met(cuda::Meeting meeting, const at::Tensor& rows, const at::Tensor& vectors,
               const Layout& layout) {
  at::Tensor result = at::empty_like(rows);
  cuda::meet_rows(meeting, matrix_of(rows), vectors.const_data_ptr(),
                  layout.document_of().const_data_ptr<std::int64_t>(), result.mutable_data_ptr());
  return result;
}

struct DocumentScale : public torch::autograd::Function<DocumentScale> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows_in,
                            const at::Tensor& vectors_in, const Layout& layout) {
    const at::Tensor rows = rows_in.contiguous(), vectors = vectors_in.contiguous();
    enter(rows);
    context->save_for_backward({rows, vectors});
    layout.save(*context);
    return met(cuda::Meeting::kMultiply, rows, vectors, layout);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Layout layout(*context);
    const at::Tensor upstream = gradients[0].contiguous();
    enter(upstream);
    return {met(cuda::Meeting::kMultiply, upstream, saved[1], layout),
            sums_of(saved[0], upstream, upstream.scalar_type(), layout), at::Tensor()};
  }
};

struct DocumentAdd : public torch::autograd::Function<DocumentAdd> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows_in,
                            const at::Tensor& vectors, const Layout& layout) {
    const at::Tensor rows = rows_in.contiguous();
    enter(rows);
    layout.save(*context);
    context->saved_data["type"] = vectors.scalar_type();
    return met(cuda::Meeting::kAdd, rows, vectors.to(rows.scalar_type()).contiguous(), layout);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor upstream = gradients[0].contiguous();
    enter(upstream);
    const at::ScalarType type = context->saved_data["type"].toScalarType();
    return {upstream, sums_of(upstream, {}, type, Layout(*context)), at::Tensor()};
  }
};

struct Spread : public torch::autograd::Function<Spread> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows,
                            const Layout& layout) {
    layout.save(*context);
    return rows.index_select(0, layout.document_of());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor upstream = gradients[0].contiguous();
    enter(upstream);
    return {sums_of(upstream, {}, upstream.scalar_type(), Layout(*context)), at::Tensor()};
  }
};

}  // namespace

bool has_pooling_kernels(const at::Tensor& values, std::int64_t heads) {
  return has_kernels(values) && cuda::pools(heads, values.size(1));
}

at::Tensor additive_pool(const at::Tensor& scores, const at::Tensor& values, const Ragged& ragged,
                         double epsilon) {
  return AdditivePool::apply(scores, values, ragged.layout, epsilon);
}

at::Tensor spread(const at::Tensor& rows, const Ragged& ragged) {
  return Spread::apply(rows, ragged.layout);
}

at::Tensor document_add(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged) {
  return DocumentAdd::apply(rows, vectors, ragged.layout);
}

at::Tensor document_scale(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged) {
  return DocumentScale::apply(rows, vectors.to(rows.scalar_type()), ragged.layout);
}

}  // namespace fastformer::learn::gpu
