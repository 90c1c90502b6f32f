// Embedding and blocks of the encoder on one document, and the whole encoder made of them.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/reference/attention.h"

namespace fastformer::kernels::reference {

// Word row + position row, normalised: [ids, width]. Throws an Error for an id outside the
// vocabulary and for a document longer than the learned positions.
template <typename T>
Matrix<T> embed(const EmbeddingWeights<T>& weights, const Architecture& architecture,
                std::span<const std::int32_t> ids);

// Row `position` of the positions in "Attention Is All You Need" (section 3.5), element `j`.
double sinusoidal_position(std::int64_t position, std::int64_t j, std::int64_t width);

// What the attention and the local branch of a block read: x, normalised first where norms stand
// before the parts.
template <typename T>
Matrix<T> attention_input(const LayerWeights<T>& weights, const Architecture& architecture,
                          const Matrix<T>& x);

// The rest of the block, from its input x and what attention and local branch add to it. Every
// token by itself.
template <typename T>
Matrix<T> finish_block(const LayerWeights<T>& weights, const Architecture& architecture,
                       const Matrix<T>& x, const Matrix<T>& change);

// One block: [tokens, width] to the same shape.
template <typename T>
Matrix<T> block(const LayerWeights<T>& weights, const Architecture& architecture,
                const Matrix<T>& x);

// What pooling reads: x after the last block, normalised once more where norms stand before parts.
template <typename T>
Matrix<T> finish_encoder(const ClassifierWeights<T>& weights, const Architecture& architecture,
                         const Matrix<T>& x);

// Hidden states [ids, width] of a document.
template <typename T>
Matrix<T> encode(const ClassifierWeights<T>& weights, const Architecture& architecture,
                 std::span<const std::int32_t> ids);

}  // namespace fastformer::kernels::reference
