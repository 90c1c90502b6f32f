// The linear Transformer (Katharopoulos et al., arXiv 2006.16236): a kernel in place of softmax.
#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"

namespace fastformer::learn {
namespace {

struct LinearTransformerOptions : model::ChoicesOf<LinearTransformerOptions> {
  double epsilon = 1e-6;  // as in the authors' code

  void describe(config::OptionSet& options) override {
    options.group("Linear Transformer")
        .add("linear-transformer-epsilon", &epsilon, {0, 1},
             "added to the sum of a token's weights before it divides");
  }
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    table.query_key_value(prefix, config.encoder.width);
  }
  double operations(const model::ModelConfig& config, double) const {
    const double width = config.encoder.width;
    // S takes a key by a value, and gives a query times S.
    return 3 * product_operations(width, width) +
           attention_operations(config.encoder.head_width(), width);
  }
};

// With f(x) = elu(x) + 1, a token's result is f(q)' S / (f(q)' z + epsilon), where S, the sum of
// f(k) v', and z, that of f(k), are the document's (eqs. 5-7): linear in its length.
class LinearTransformer : public Encoder {
 public:
  LinearTransformer(const model::ModelConfig& config, const LinearTransformerOptions& options)
      : options_(options), heads_(config.encoder.heads) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    return attention_layer(
        hidden, ragged, layer, heads_, [this](const SameLength& x) { return attention(x); },
        [](const at::Tensor& x) { return at::elu(x) + 1; });
  }

 private:
  // Of f(q) and f(k).
  at::Tensor attention(const SameLength& x) const {
    // [documents, heads, length, head width]
    const at::Tensor query = x.query.transpose(1, 2);
    const at::Tensor key = x.key.transpose(1, 2);
    const at::Tensor sums = at::matmul(key.transpose(2, 3), x.value.transpose(1, 2));  // S
    const at::Tensor weight = key.sum(2, /*keepdim=*/true).transpose(2, 3);            // z
    const at::Tensor whole = at::matmul(query, weight) + options_.epsilon;
    return (at::matmul(query, sums) / whole).transpose(1, 2);
  }

  LinearTransformerOptions options_;
  std::int64_t heads_;
};

}  // namespace

EncoderRow linear_transformer_encoder() {
  return encoder_row<LinearTransformerOptions, LinearTransformer>("linear_transformer");
}

}  // namespace fastformer::learn
