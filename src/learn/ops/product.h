// Products in float32 or bfloat16, forward and backward.
#pragma once

#include "learn/precompiled.h"

namespace fastformer::learn {

// left [rows, inner] times right [inner, columns] in the type of `left`. With `products` kBFloat16
// both are rounded to bfloat16 first; the sums are taken in float32 and the result is rounded once
// more. Any other type leaves them as they are.
at::Tensor product(const at::Tensor& left, const at::Tensor& right, at::ScalarType products);

// left times right, both of one type, in `type`. A GPU's products of bfloat16 keep as float32 what
// their sums have.
at::Tensor wide_product(const at::Tensor& left, const at::Tensor& right, at::ScalarType type);

// Whether the project's own products multiply inputs [rows, in] by weight [out, in]: floats on the
// processor, in and out whole panels.
bool has_linear_kernel(const at::Tensor& inputs, const at::Tensor& weight);

// inputs [rows, in] times weight [out, in] plus bias [out]. With `products` kBFloat16 the factors
// of its three products, that of forward and the two of backward, are rounded to bfloat16 and the
// sums are in float32; on the processor only where in and out are multiples of 32, since little is
// won elsewhere. Gradients have the types of what they are of.
at::Tensor linear_in(at::ScalarType products, const at::Tensor& inputs, const at::Tensor& weight,
                     const at::Tensor& bias);

// inputs [rows, in] times weight [out, in] plus start [rows, out], in the same way.
at::Tensor linear_onto(at::ScalarType products, const at::Tensor& inputs, const at::Tensor& weight,
                       const at::Tensor& start);

// linear_in through ATen's operations, on any device; the three results are rounded as well.
at::Tensor linear_by_aten(at::ScalarType products, const at::Tensor& inputs,
                          const at::Tensor& weight, const at::Tensor& bias);

}  // namespace fastformer::learn
