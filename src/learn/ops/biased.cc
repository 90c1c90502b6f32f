// Adds biases.
#include "learn/ops/biased.h"

#include "learn/gpu/operations.h"

namespace fastformer::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A bias [width] of a wider type than the rows keeps what the sums of its gradient have.
struct BiasAdd : public torch::autograd::Function<BiasAdd> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& rows,
                            const at::Tensor& bias) {
    context->saved_data["type"] = bias.scalar_type();
    return rows + bias.to(rows.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::ScalarType type = context->saved_data["type"].toScalarType();
    return {gradients[0], gradients[0].sum(0, false, type)};
  }
};

}  // namespace

at::Tensor whole(const Biased& biased, const Ragged& ragged) {
  if (!biased.bias.defined()) return biased.rows;
  if (biased.bias.dim() == 1) return BiasAdd::apply(biased.rows, biased.bias);
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(biased.rows)) return gpu::document_add(biased.rows, biased.bias, ragged);
  }
  return biased.rows +
         biased.bias.to(biased.rows.scalar_type()).index_select(0, ragged.document_of);
}

}  // namespace fastformer::learn
