// Additive attention: composed for the long documents of the published layer, else as the paper
// writes it, for every switch.
#include "learn/encoders/fastformer.h"

#include <cmath>

#include "learn/ops/composed_attention.h"
#include "learn/ops/pooling.h"

namespace fastformer::learn {
namespace {

// Documents of at least so many tokens are composed: a constant of the layer's shape, so that a
// document's result depends on nothing else. Counted in operations, not measured.
std::int64_t composed_from(std::int64_t width) { return 2 * width; }

// Consecutive documents [first, last) that are all composed or all written out.
struct Stretch {
  std::int64_t first = 0, last = 0;
  bool composed = false;
};

std::vector<Stretch> stretches_of(const std::vector<std::int64_t>& offsets, std::int64_t from) {
  std::vector<Stretch> stretches;
  for (std::int64_t b = 0; b + 1 < static_cast<std::int64_t>(offsets.size()); ++b) {
    const bool composed = offsets[b + 1] - offsets[b] >= from;
    if (stretches.empty() || stretches.back().composed != composed)
      stretches.push_back({b, b, composed});
    stretches.back().last = b + 1;
  }
  return stretches;
}

class Fastformer : public Encoder {
 public:
  explicit Fastformer(const model::ModelConfig& config)
      : options_(config.fastformer),
        heads_(config.encoder.heads),
        head_width_(config.encoder.head_width()) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    if (!composable()) return written_out(hidden, ragged, layer);
    const auto stretches = stretches_of(ragged.offsets, composed_from(hidden.size(1)));
    if (stretches.size() <= 1) return mix_alike(hidden, ragged, layer, stretches);
    std::vector<at::Tensor> parts;
    for (const Stretch& stretch : stretches) {
      std::vector<std::int64_t> offsets(ragged.offsets.begin() + stretch.first,
                                        ragged.offsets.begin() + stretch.last + 1);
      const std::int64_t begin = offsets.front(), end = offsets.back();
      for (std::int64_t& offset : offsets) offset -= begin;
      parts.push_back(mix_alike(hidden.slice(0, begin, end),
                                Ragged::from_offsets(std::move(offsets), hidden.device()), layer,
                                {stretch}));
    }
    return at::cat(parts);
  }

 private:
  // Whether the layer has the form of docs/algebra.md.
  bool composable() const {
    return options_.interaction == Interaction::kProduct && options_.share_query_value &&
           !options_.share_heads && options_.head_scores == HeadScores::kWhole;
  }

  // All documents in one stretch, or none.
  at::Tensor mix_alike(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                       const std::vector<Stretch>& stretches) const {
    if (stretches.empty() || !stretches[0].composed) return written_out(hidden, ragged, layer);
    return composed_attention(
        hidden, ragged.offsets,
        {layer["query.weight"], layer["query.bias"], layer["key.weight"], layer["key.bias"],
         layer["query_score.weight"], layer["key_score.weight"], layer["transform.weight"],
         layer["transform.bias"], layer["output.weight"], layer["output.bias"]},
        layer.products());
  }

  at::Tensor written_out(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer) const {
    const at::Tensor query = project(hidden, layer, "query");  // [tokens, width]
    const at::Tensor key = project(hidden, layer, "key");
    const at::Tensor value = options_.share_query_value ? query : project(hidden, layer, "value");
    // Eqs. 3-4: global query [documents, width].
    const at::Tensor global_query =
        additive_pool(scores(query, layer, "query_score"), query, ragged);
    // Eqs. 5-6: the key that met the global query, and the global key.
    const at::Tensor met = interact(global_query, key, ragged, layer, "key_interaction");
    const at::Tensor global_key = additive_pool(scores(met, layer, "key_score"), met, ragged);
    const at::Tensor mixed = interact(global_key, value, ragged, layer, "value_interaction");
    return linear(linear(mixed, layer, "transform") + query, layer, "output");
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
    const at::Tensor spread_global = spread(global, ragged);
    switch (options_.interaction) {
      case Interaction::kProduct:
        return spread_global * local;
      case Interaction::kSum:
        return spread_global + local;
      case Interaction::kConcatenation:
        return linear(at::cat({spread_global, local}, 1), layer, name);
    }
    return {};
  }

  model::FastformerOptions options_;
  std::int64_t heads_;
  std::int64_t head_width_;
};

}  // namespace

std::unique_ptr<Encoder> make_fastformer(const model::ModelConfig& config) {
  return std::make_unique<Fastformer>(config);
}

}  // namespace fastformer::learn
