// Additive attention as the paper writes it, for every switch.
#include "learn/encoders/fastformer.h"

#include <cmath>

#include "learn/ops/pooling.h"

namespace fastformer::learn {
namespace {

class Fastformer : public Encoder {
 public:
  explicit Fastformer(const model::ModelConfig& config)
      : options_(config.fastformer),
        heads_(config.encoder.heads),
        head_width_(config.encoder.head_width()) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
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
    return linear(mixed, layer, "transform") + query;
  }

 private:
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
