// Tensors on a GPU as what the kernels take.
#pragma once

#include "cuda/types.h"
#include "learn/precompiled.h"

namespace fastformer::learn::gpu {

// Before kernels read or write `tensor`: they run on its GPU.
inline void enter(const at::Tensor& tensor) { cuda::select_device(tensor.device().index()); }

inline cuda::Type type_of(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? cuda::Type::kBFloat16 : cuda::Type::kFloat32;
}

// `tensor` is contiguous and has two dimensions. The kernels do not write what they only read.
inline cuda::Matrix matrix_of(const at::Tensor& tensor) {
  return {const_cast<void*>(tensor.const_data_ptr()), tensor.size(0), tensor.size(1),
          type_of(tensor)};
}

inline const float* floats_of(const at::Tensor& tensor) { return tensor.const_data_ptr<float>(); }
inline float* floats_to(at::Tensor& tensor) { return tensor.mutable_data_ptr<float>(); }

inline at::TensorOptions float_like(const at::Tensor& tensor) {
  return tensor.options().dtype(at::kFloat);
}

}  // namespace fastformer::learn::gpu
