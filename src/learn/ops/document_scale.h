// A document's vector times its tokens' vectors, differentiable.
#pragma once

#include "learn/ragged.h"

namespace fastformer::learn {

// rows [tokens, width] o the row of vectors [documents, width] of the token's document: [tokens,
// width]. A kernel on the processor, ATen elsewhere.
at::Tensor document_scale(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged);

}  // namespace fastformer::learn
