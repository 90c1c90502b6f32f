// What the kernels take.
#include "cuda/types.h"

#include "learn/gpu/operations.h"

namespace fastformer::learn::gpu {

bool has_kernels(const at::Tensor& rows) {
  const at::ScalarType type = rows.scalar_type();
  return rows.is_cuda() && rows.dim() == 2 && (type == at::kFloat || type == at::kBFloat16) &&
         cuda::has_kernels(rows.device().index(), rows.size(1));
}

}  // namespace fastformer::learn::gpu
