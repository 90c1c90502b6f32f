// Adds biases.
#include "learn/ops/biased.h"

#include "learn/gpu/operations.h"

namespace fastformer::learn {

at::Tensor whole(const Biased& biased, const Ragged& ragged) {
  if (!biased.bias.defined()) return biased.rows;
  const at::Tensor bias = biased.bias.to(biased.rows.scalar_type());
  if (bias.dim() == 1) return biased.rows + bias;
  if constexpr (gpu::kIsBuilt) {
    if (gpu::has_kernels(biased.rows)) return gpu::document_add(biased.rows, bias, ragged);
  }
  return biased.rows + bias.index_select(0, ragged.document_of);
}

}  // namespace fastformer::learn
