// Differentiable max pooling of ragged documents.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// Each document's largest value of every channel: hidden [tokens, width] -> [documents, width]; 0
// for an empty document. The gradient goes to the token that the value came from, of equal ones the
// first. Kernels on the processor, ATen elsewhere.
at::Tensor max_pool(const at::Tensor& hidden, const Ragged& ragged);

// The same from ATen operations alone, on any device; equal tokens share the gradient.
at::Tensor max_pool_by_aten(const at::Tensor& hidden, const Ragged& ragged);

}  // namespace fastformer::learn
