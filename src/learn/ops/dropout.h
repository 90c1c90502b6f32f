// Dropout of hidden units and of words, whose masks are hashes of the step's seed.
#pragma once

#include <cstdint>

#include "learn/ragged.h"

namespace fastformer::learn {

// Drops elements of `input` with probability `rate` and scales the rest by 1 / (1 - rate).
// Seeded: the same seed gives the same mask, whatever the number of threads.
at::Tensor seeded_dropout(const at::Tensor& input, double rate, std::uint64_t seed);

// The same with one mask per document and channel, shared by the document's tokens: input [tokens,
// width].
at::Tensor document_dropout(const at::Tensor& input, const Ragged& ragged, double rate,
                            std::uint64_t seed);

// Replaces each id (int64 [tokens]) by `unknown` with probability `rate`.
at::Tensor drop_words(const at::Tensor& ids, double rate, std::int64_t unknown, std::uint64_t seed);

}  // namespace fastformer::learn
