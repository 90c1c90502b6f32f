// The differentiable operations of learn/ops on GPUs, through the kernels of src/cuda. Rows are
// float32 or bfloat16; what is one for a document or for all is float32 where it says so.
#pragma once

#include "learn/ops/composed_map.h"
#include "learn/ops/feed_forward.h"
#include "learn/ops/residual_norm.h"
#include "learn/ops/token_sums.h"
#include "learn/ragged.h"

namespace fastformer::learn::gpu {

// Whether the kernels can read what is on `device`.
bool reach(const at::Device& device);
// Whether the kernels take matrices like `rows` [tokens, width].
bool has_kernels(const at::Tensor& rows);
// Whether additive_pool takes values like these, by so many heads.
bool has_pooling_kernels(const at::Tensor& values, std::int64_t heads);

// learn/ops/token_sums.h; directions and the result are float32.
SummedTokens token_sums(const at::Tensor& x, const at::Tensor& directions, const Ragged& ragged);

// learn/ops/pooling.h
at::Tensor additive_pool(const at::Tensor& scores, const at::Tensor& values, const Ragged& ragged,
                         double epsilon);
at::Tensor spread(const at::Tensor& rows, const Ragged& ragged);

// learn/ops/max_pooling.h
at::Tensor max_pool(const at::Tensor& hidden, const Ragged& ragged);

// rows [tokens, width] plus their document's of vectors [documents, width], which may be float32
// beside bfloat16 rows, and so is their gradient.
at::Tensor document_add(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged);

// learn/ops/document_scale.h
at::Tensor document_scale(const at::Tensor& rows, const at::Tensor& vectors, const Ragged& ragged);

// learn/ops/dropout.h
at::Tensor dropped(const at::Tensor& input, const Ragged& ragged, const Dropout& dropout);

// learn/ops/residual_norm.h
at::Tensor residual_norm(const at::Tensor& hidden, const Biased& change, const Ragged& ragged,
                         const Dropout& dropout, const LayerNorm& norm);
at::Tensor layer_norm(const at::Tensor& hidden, const LayerNorm& norm);

// learn/ops/composed_map.h without biases: keys and the weights are float32; products are taken in
// `products`.
at::Tensor composed_map(const at::Tensor& x, const at::Tensor& keys, const MapWeights& weights,
                        const Ragged& ragged, at::ScalarType products);

// Whether feed_forward takes rows like these and so many units.
bool has_feed_forward_kernels(const at::Tensor& x, std::int64_t units);
// learn/ops/feed_forward.h, without the outer bias if it is not defined.
at::Tensor feed_forward(const at::Tensor& x, const FeedForwardWeights& weights,
                        at::ScalarType products);

}  // namespace fastformer::learn::gpu
