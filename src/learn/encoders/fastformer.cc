// Additive attention: composed for the long documents of the published layer, else as the paper
// writes it, for every switch.
#include <cmath>

#include "learn/device.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/composed_attention.h"
#include "learn/ops/document_scale.h"
#include "learn/ops/pooling.h"
#include "learn/ops/token_sums.h"

namespace fastformer::learn {
namespace {

// Some documents of a batch, with their tokens' places in it.
struct Part {
  Ragged ragged;
  at::Tensor tokens;  // int64 [tokens of the part]

  Part(const Ragged& batch, const std::vector<std::int64_t>& documents) {
    std::vector<std::int64_t> offsets = {0}, places;
    for (const std::int64_t b : documents) {
      for (std::int64_t i = batch.offsets[b]; i < batch.offsets[b + 1]; ++i) places.push_back(i);
      offsets.push_back(static_cast<std::int64_t>(places.size()));
    }
    const at::Device device = batch.document_of.device();
    ragged = Ragged::from_offsets(std::move(offsets), device);
    tokens = on_device(at::tensor(places, at::kLong), device);
  }
};

class Fastformer : public Encoder {
 public:
  // As published, which is more than what training and the runtime do: docs/algebra.md.
  static double operations(const model::FastformerOptions& options,
                           const model::ModelConfig& config) {
    const double width = config.encoder.width, heads = config.encoder.heads;
    const double projected = options.share_heads ? config.encoder.head_width() : width;
    const double seen =
        options.head_scores == HeadScores::kWhole ? width : config.encoder.head_width();
    const int pools = options.global_key ? 2 : 1;  // the global query and the global key
    const int projections = options.global_key && !options.share_query_value ? 3 : 2;
    double count = projections * product_operations(projected, width) +
                   pools * (product_operations(heads, seen) + 2 * width) +
                   product_operations(width, width);
    if (options.interaction == Interaction::kConcatenation) {
      count += pools * product_operations(width, 2 * width);
    }
    return count;
  }

  Fastformer(const model::ModelConfig& config, const model::FastformerOptions& options)
      : options_(options), heads_(config.encoder.heads), head_width_(config.encoder.head_width()) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext& context) const override {
    return whole(mix_biased(hidden, ragged, layer, context), ragged);
  }

  Biased mix_biased(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                    const ForwardContext&) const override {
    if (!composable()) return written_out(hidden, ragged, layer);
    std::vector<std::int64_t> short_ones, long_ones;
    for (std::int64_t b = 0; b < ragged.documents(); ++b) {
      const std::int64_t length = ragged.offsets[b + 1] - ragged.offsets[b];
      (length < composed_from(hidden) ? short_ones : long_ones).push_back(b);
    }
    if (long_ones.empty()) return mix_short(hidden, ragged, layer);
    if (short_ones.empty()) return mix_long(hidden, ragged, layer);
    const Part few(ragged, short_ones), many(ragged, long_ones);
    const at::Tensor mixed = at::cat(
        {whole(mix_short(hidden.index_select(0, few.tokens), few.ragged, layer), few.ragged),
         whole(mix_long(hidden.index_select(0, many.tokens), many.ragged, layer), many.ragged)});
    return mixed.index_select(0, at::cat({few.tokens, many.tokens}).argsort());
  }

 private:
  // Whether the layer has the form of docs/algebra.md.
  bool composable() const {
    return options_.interaction == Interaction::kProduct && options_.share_query_value &&
           !options_.share_heads && options_.head_scores == HeadScores::kWhole;
  }

  // Documents of at least so many tokens are composed: a constant of the layer and the device, so
  // that a document's result depends on nothing else. Shorter ones cost less where a map of their
  // queries stands for two products. Measured (docs/results.md, "Composed or not").
  std::int64_t composed_from(const at::Tensor& hidden) const {
    const std::int64_t width = hidden.size(1);
    return options_.global_key && has_attention_kernels(hidden) ? 3 * width / 2 : width;
  }

  AttentionWeights weights_of(const Scope& layer) const {
    return {
        layer["query.weight"],       layer["query.bias"],
        layer["key.weight"],         layer["key.bias"],
        layer["query_score.weight"], options_.global_key ? layer["key_score.weight"] : at::Tensor(),
        layer["transform.weight"],   layer["transform.bias"],
        layer["output.weight"],      layer["output.bias"]};
  }

  Biased mix_long(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer) const {
    return composed_attention(hidden, ragged, weights_of(layer), layer.products());
  }

  // Where there are no kernels, operations on all documents at once are worth more than a product.
  Biased mix_short(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer) const {
    if (!has_attention_kernels(hidden)) return written_out(hidden, ragged, layer);
    return keyless_attention(hidden, ragged, weights_of(layer), layer.products());
  }

  at::Tensor written_out(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer) const {
    const at::Tensor query = project(hidden, layer, "query");  // [tokens, width]
    const at::Tensor key = project(hidden, layer, "key");
    // Eqs. 3-4: global query [documents, width].
    const at::Tensor global_query =
        additive_pool(scores(query, layer, "query_score"), query, ragged);
    // Eqs. 5-6: the key that met the global query, and the global key.
    const at::Tensor met = interact(global_query, key, ragged, layer, "key_interaction");
    const at::Tensor mixed =
        options_.global_key ? meet_values(met, query, hidden, ragged, layer) : met;
    return linear(linear(mixed, layer, "transform") + query, layer, "output");
  }

  at::Tensor meet_values(const at::Tensor& met, const at::Tensor& query, const at::Tensor& hidden,
                         const Ragged& ragged, const Scope& layer) const {
    const at::Tensor value = options_.share_query_value ? query : project(hidden, layer, "value");
    const at::Tensor global_key = additive_pool(scores(met, layer, "key_score"), met, ragged);
    return interact(global_key, value, ragged, layer, "value_interaction");
  }

  // [tokens, width]; with shared heads one [head width] projection is repeated for every head.
  at::Tensor project(const at::Tensor& hidden, const Scope& layer, const char* name) const {
    const at::Tensor projected = linear(hidden, layer, name);
    return options_.share_heads ? projected.repeat({1, heads_}) : projected;
  }

  // [tokens, heads], divided by the root of the head width.
  at::Tensor scores(const at::Tensor& seen, const Scope& layer, const std::string& name) const {
    const double root = std::sqrt(static_cast<double>(head_width_));
    if (options_.head_scores == HeadScores::kWhole) return linear(seen, layer, name) / root;
    const at::Tensor by_head = seen.view({-1, heads_, head_width_});
    return ((by_head * layer[name + ".weight"]).sum(2) + layer[name + ".bias"]) / root;
  }

  // A document's global vector meets each of its tokens' vectors: [tokens, width].
  at::Tensor interact(const at::Tensor& global, const at::Tensor& local, const Ragged& ragged,
                      const Scope& layer, const char* name) const {
    switch (options_.interaction) {
      case Interaction::kProduct:
        return document_scale(local, global, ragged);
      case Interaction::kSum:
        return spread(global, ragged) + local;
      case Interaction::kConcatenation:
        return linear(at::cat({spread(global, ragged), local}, 1), layer, name);
    }
    return {};
  }

  model::FastformerOptions options_;
  std::int64_t heads_;
  std::int64_t head_width_;
};

}  // namespace

EncoderRow fastformer_encoder() {
  return encoder_row<model::FastformerOptions, Fastformer>(model::kFastformer);
}

}  // namespace fastformer::learn
