// What the kernels take.
#include <algorithm>

#include "cuda/types.h"
#include "learn/gpu/operations.h"

namespace fastformer::learn::gpu {

bool reach(const at::Device& device) {
  return cuda::are_on_processor() ? device.is_cpu() : device.is_cuda();
}

bool has_kernels(const at::Tensor& rows) {
  const at::ScalarType type = rows.scalar_type();
  const bool is_taken = rows.dim() == 2 && (type == at::kFloat || type == at::kBFloat16);
  if (!is_taken || !reach(rows.device())) return false;
  const int device = std::max<int>(0, rows.device().index());  // the processor's is -1
  return cuda::has_kernels(device, rows.size(1));
}

}  // namespace fastformer::learn::gpu
