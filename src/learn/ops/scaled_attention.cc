// Calls libtorch's fused attention.
#include "learn/ops/scaled_attention.h"

#include <optional>

namespace fastformer::learn {

at::Tensor scaled_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const at::Tensor& mask, at::ScalarType products) {
  const at::ScalarType own = query.scalar_type();
  const at::ScalarType type = products == at::kBFloat16 ? at::kBFloat16 : own;
  const auto bias = mask.defined() ? std::optional(mask.to(type)) : std::nullopt;
  return at::scaled_dot_product_attention(query.to(type), key.to(type), value.to(type), bias)
      .to(own);
}

at::Tensor full_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          at::ScalarType products) {
  return scaled_attention(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), {},
                          products)
      .transpose(1, 2);
}

}  // namespace fastformer::learn
