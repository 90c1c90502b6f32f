// Tensors of two dimensions as the views that kernels take.
#pragma once

#include <span>

#include "base/matrix_view.h"
#include "learn/precompiled.h"

namespace fastformer::learn {

// `tensor` is contiguous, on the processor and has two dimensions.
template <typename T>
MatrixView<T> view(at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<T>(), tensor.size(0), tensor.size(1)};
}

template <typename T>
MatrixView<const T> const_view(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), tensor.size(0), tensor.size(1)};
}

}  // namespace fastformer::learn
