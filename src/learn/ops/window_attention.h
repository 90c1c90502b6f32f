// Attention of tokens to the keys near them, in blocks: linear in a document's length.
#pragma once

#include "learn/precompiled.h"

namespace fastformer::learn {

// Which keys a token sees. Key p stands at the place p * stride of a document.
struct Window {
  std::int64_t reach;       // places on each side of the token
  std::int64_t stride = 1;  // places from one key to the next
  std::int64_t first = 0;   // the first keys, which all tokens see
};

// scaled_attention in documents of one length L, where a token sees the keys whose places are not
// further than `reach` from its own, and the first ones, each once. query [documents, L, heads,
// head width], key and value [documents, ceil(L / stride), heads, head width] -> as query. Takes
// memory for L * (reach / stride + first) numbers.
at::Tensor window_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const Window& window, at::ScalarType products);

}  // namespace fastformer::learn
