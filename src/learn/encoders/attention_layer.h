// What the encoders with queries, keys and values share: the maps around their attention.
#pragma once

#include <functional>
#include <vector>

#include "learn/document_groups.h"
#include "learn/encoders/encoder.h"

namespace fastformer::learn {

// Documents of one length. Their tokens are hidden [documents, length, width], and the rest
// [documents, length, heads, head width].
struct SameLength {
  at::Tensor hidden, query, key, value;

  std::int64_t documents() const { return hidden.size(0); }
  std::int64_t length() const { return hidden.size(1); }
};

// The attention of documents of one length: [documents, length, heads, head width].
using Attention = std::function<at::Tensor(const SameLength&)>;

// Maps all tokens by the layer's "query", "key" and "value", lets `attention` mix documents length
// by length, and maps the result by "output": [tokens, width] to [tokens, width]. `feature_map` is
// of elements of queries and keys: of all tokens at once, since documents of many lengths are many
// calls of `attention`.
at::Tensor attention_layer(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                           std::int64_t heads, const Attention& attention,
                           at::Tensor (*feature_map)(const at::Tensor&) = nullptr);

// [documents, length, width] to [documents, length, heads, head width].
at::Tensor by_head(const at::Tensor& rows, std::int64_t heads);

// The layer's map `name` of [documents, length, width], seen by head.
at::Tensor mapped_by_head(const at::Tensor& rows, const Scope& layer, const char* name,
                          std::int64_t heads);

}  // namespace fastformer::learn
