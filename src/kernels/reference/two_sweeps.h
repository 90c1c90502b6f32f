// The whole encoder with composed attention: two sweeps over the document per layer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

// What the classifier reads of a document; the same numbers as document_vector(encode(...)), in the
// order in which fused kernels compute them. Throws an Error unless attention is as published.
template <typename T>
std::vector<T> encode_in_two_sweeps(const ClassifierWeights<T>& weights,
                                    const Architecture& architecture,
                                    std::span<const std::int32_t> ids);

}  // namespace fastformer::kernels::reference
