// docs/algebra.md in tensors.
#include "learn/ops/composed_attention.h"

#include <cmath>

#include "learn/ops/composed_map.h"
#include "learn/ops/document_map.h"
#include "learn/ops/document_scale.h"
#include "learn/ops/product.h"
#include "learn/ops/token_sums.h"

namespace fastformer::learn {
namespace {

// Head by head, rows of `weight` [width, width] times sums [documents, heads, width]: [documents,
// width].
at::Tensor by_head(const at::Tensor& weight, const at::Tensor& sums) {
  const std::int64_t heads = sums.size(1), width = sums.size(2);
  const at::Tensor rows = weight.view({heads, width / heads, width});
  return at::bmm(sums.transpose(0, 1), rows.transpose(1, 2)).transpose(0, 1).flatten(1);
}

// The product of two weights.
at::Tensor weights_product(const at::Tensor& left, const at::Tensor& right,
                           at::ScalarType products) {
  const at::Tensor turned = right.t();
  if (!has_linear_kernel(left, turned)) return left.mm(right);
  return linear_in(products, left, turned, at::zeros({right.size(1)}, right.options()));
}

// A document's last global vector, and what meets it.
struct Meeting {
  at::Tensor global;              // [documents, width]
  at::Tensor hidden;              // to be read on (SummedTokens)
  at::Tensor values, value_bias;  // the map that makes of a token what meets the global vector
};

// By identities 1 to 4.
Meeting meeting_of(const at::Tensor& hidden, const Ragged& ragged, const AttentionWeights& w,
                   at::ScalarType products) {
  const std::int64_t heads = w.query_score.size(0), width = hidden.size(1);
  const std::int64_t head_width = width / heads;
  const double scale = 1 / std::sqrt(static_cast<double>(head_width));
  const at::Tensor query_directions = w.query_score.mm(w.query) * scale;
  const SummedTokens query_sums = token_sums(hidden, query_directions, ragged, products);
  const at::Tensor global_query = by_head(w.query, query_sums.sums) + w.query_bias;
  if (!w.key_score.defined()) return {global_query, query_sums.x, w.key, w.key_bias};
  const at::Tensor met_scores = global_query.unsqueeze(1) * (w.key_score * scale);
  const at::Tensor key_directions =
      linear_in(products, met_scores.flatten(0, 1), w.key.t(), at::zeros_like(w.key_bias))
          .view_as(met_scores);
  const SummedTokens key_sums = token_sums(query_sums.x, key_directions, ragged, products);
  const at::Tensor global_key = global_query * (by_head(w.key, key_sums.sums) + w.key_bias);
  return {global_key, key_sums.x, w.query, w.query_bias};
}

}  // namespace

Biased composed_attention(const at::Tensor& hidden, const Ragged& ragged, const AttentionWeights& w,
                          at::ScalarType products) {
  const Meeting meeting = meeting_of(hidden, ragged, w, products);
  const MapWeights map = {weights_product(w.output, w.transform, products), meeting.values,
                          weights_product(w.output, w.query, products)};
  const at::Tensor bias = w.output.mv(w.transform_bias + w.query_bias) + w.output_bias;
  const at::Tensor biases = (meeting.global * meeting.value_bias).mm(map.spread.t()) + bias;
  return composed_map(meeting.hidden, meeting.global, map, biases, ragged, products);
}

Biased keyless_attention(const at::Tensor& hidden, const Ragged& ragged, const AttentionWeights& w,
                         at::ScalarType products) {
  const Meeting meeting = meeting_of(hidden, ragged, w, products);
  const at::Tensor query = linear_in(products, meeting.hidden, w.query, w.query_bias);
  const at::Tensor bias = w.output.mv(w.transform_bias) + w.output_bias;
  if (w.key_score.defined()) {
    const at::Tensor scaled = weights_product(w.output, w.transform, products);
    return document_map(query, meeting.global, scaled, w.output, bias, ragged, products);
  }
  const at::Tensor values = linear_in(products, meeting.hidden, meeting.values, meeting.value_bias);
  // r_i lacks its bias so far: it goes through the output product alone.
  const at::Tensor mixed =
      linear_onto(products, document_scale(values, meeting.global, ragged), w.transform, query);
  return linear_in(products, mixed, w.output, bias);
}

}  // namespace fastformer::learn
