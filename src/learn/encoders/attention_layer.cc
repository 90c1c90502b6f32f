// Maps tokens and groups documents by length.
#include "learn/encoders/attention_layer.h"

namespace fastformer::learn {

at::Tensor by_head(const at::Tensor& rows, std::int64_t heads) {
  return rows.unflatten(2, {heads, rows.size(2) / heads});
}

at::Tensor mapped_by_head(const at::Tensor& rows, const Scope& layer, const char* name,
                          std::int64_t heads) {
  const at::Tensor mapped = linear(rows.reshape({-1, rows.size(2)}), layer, name);
  return by_head(mapped.view({rows.size(0), rows.size(1), -1}), heads);
}

at::Tensor attention_layer(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                           std::int64_t heads, const Attention& attention,
                           at::Tensor (*feature_map)(const at::Tensor&)) {
  if (hidden.size(0) == 0) return linear(hidden, layer, "output");
  const DocumentGroups groups(ragged);
  const at::Tensor gathered = groups.gather(hidden);
  const std::vector<at::Tensor> rows = groups.split(gathered);
  const auto features = [&](const char* name) {
    const at::Tensor mapped = linear(gathered, layer, name);
    return groups.split(feature_map ? feature_map(mapped) : mapped);
  };
  const std::vector<at::Tensor> query = features("query"), key = features("key");
  const std::vector<at::Tensor> value = groups.split(linear(gathered, layer, "value"));
  std::vector<at::Tensor> mixed;
  for (std::size_t g = 0; g < rows.size(); ++g) {
    const at::Tensor result = attention(
        {rows[g], by_head(query[g], heads), by_head(key[g], heads), by_head(value[g], heads)});
    mixed.push_back(result.flatten(2));
  }
  return linear(groups.scatter(DocumentGroups::join(mixed)), layer, "output");
}

}  // namespace fastformer::learn
