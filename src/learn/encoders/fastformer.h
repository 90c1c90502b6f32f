// Additive attention (Fastformer, arXiv 2108.09084, section 3) on torch tensors.
#pragma once

#include "learn/encoders/encoder.h"

namespace fastformer::learn {

std::unique_ptr<Encoder> make_fastformer(const model::ModelConfig& config);

}  // namespace fastformer::learn
