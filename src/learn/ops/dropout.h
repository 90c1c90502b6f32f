// Dropout whose mask is a hash of the step's seed.
#pragma once

#include <cstdint>

#include "learn/precompiled.h"

namespace fastformer::learn {

// Drops elements of `input` with probability `rate` and scales the rest by 1 / (1 - rate).
// Seeded: the same seed gives the same mask, whatever the number of threads.
at::Tensor seeded_dropout(const at::Tensor& input, double rate, std::uint64_t seed);

}  // namespace fastformer::learn
