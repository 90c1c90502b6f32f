// Longformer (Beltagy et al., arXiv 2004.05150): a sliding window, and global tokens.
#include <fastformer/error.h>

#include <algorithm>

#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/scaled_attention.h"
#include "learn/ops/window_attention.h"

namespace fastformer::learn {
namespace {

struct LongformerOptions : model::ChoicesOf<LongformerOptions> {
  int window = 512;
  int global_tokens = 1;

  void describe(config::OptionSet& options) override {
    options.group("Longformer")
        .add("longformer-window", &window, {2, 1 << 20},
             "tokens around a token that it sees, half of them on each side; even")
        .add("longformer-global", &global_tokens, {0, 1 << 20},
             "tokens at a document's beginning that see all others and are seen by all");
  }
  void validate(const model::ModelConfig&) const override {
    if (window % 2 == 0) return;
    throw usage_error("the window " + std::to_string(window) + " is odd", "longformer-window",
                      "As many tokens stand before a token as after it");
  }
  // The maps of global attention are their own (section 3.1, "Linear Projections").
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    table.query_key_value(prefix, config.encoder.width);
    if (global_tokens > 0) table.query_key_value(prefix + "global_", config.encoder.width);
  }
  double operations(const model::ModelConfig& config, double length) const {
    const double width = config.encoder.width;
    const double keys = std::min<double>(length, 1.0 + window + global_tokens);
    const int maps = global_tokens > 0 ? 5 : 3;  // few tokens have a global query
    return maps * product_operations(width, width) + attention_operations(keys, width);
  }
};

// A token sees the tokens of its window and, by the same maps, the global ones; a global token
// sees all tokens by maps of its own.
class Longformer : public Encoder {
 public:
  Longformer(const model::ModelConfig& config, const LongformerOptions& options)
      : options_(options), heads_(config.encoder.heads) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    return attention_layer(hidden, ragged, layer, heads_, [&](const SameLength& x) {
      const std::int64_t global = std::min<std::int64_t>(options_.global_tokens, x.length());
      if (global == x.length()) return globally(x.hidden, x.hidden, layer);
      const Window window = {options_.window / 2, /*stride=*/1, global};
      at::Tensor mixed = window_attention(x.query, x.key, x.value, window, layer.products());
      if (global == 0) return mixed;
      return at::cat({globally(x.hidden.narrow(1, 0, global), x.hidden, layer),
                      mixed.narrow(1, global, x.length() - global)},
                     1);
    });
  }

 private:
  at::Tensor globally(const at::Tensor& tokens, const at::Tensor& all, const Scope& layer) const {
    return full_attention(mapped_by_head(tokens, layer, "global_query", heads_),
                          mapped_by_head(all, layer, "global_key", heads_),
                          mapped_by_head(all, layer, "global_value", heads_), layer.products());
  }

  LongformerOptions options_;
  std::int64_t heads_;
};

}  // namespace

EncoderRow longformer_encoder() { return encoder_row<LongformerOptions, Longformer>("longformer"); }

}  // namespace fastformer::learn
