// The Transformer's attention (Vaswani et al., arXiv 1706.03762): every token sees every other.
#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/scaled_attention.h"

namespace fastformer::learn {
namespace {

struct TransformerOptions : model::ChoicesOf<TransformerOptions> {
  void describe(config::OptionSet&) override {}
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    table.query_key_value(prefix, config.encoder.width);
  }
  double operations(const model::ModelConfig& config, double length) const {
    const double width = config.encoder.width;
    return 3 * product_operations(width, width) + attention_operations(length, width);
  }
};

// Its time grows with the square of a document's length, its memory with the length.
class Transformer : public Encoder {
 public:
  Transformer(const model::ModelConfig& config, const TransformerOptions&)
      : heads_(config.encoder.heads) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    return attention_layer(hidden, ragged, layer, heads_, [&](const SameLength& x) {
      return full_attention(x.query, x.key, x.value, layer.products());
    });
  }

 private:
  std::int64_t heads_;
};

}  // namespace

EncoderRow transformer_encoder() {
  return encoder_row<TransformerOptions, Transformer>("transformer");
}

}  // namespace fastformer::learn
