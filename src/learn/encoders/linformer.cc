// Linformer (Wang et al., arXiv 2006.04768): keys and values projected to a fixed number of rows.
#include <fastformer/error.h>

#include <cmath>

#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/scaled_attention.h"

namespace fastformer::learn {
namespace {

enum class Sharing { kNone, kHeadwise, kKeyValue, kLayerwise };

// k = rank. Projections are [k, max_length], of which a document of n tokens uses the first n
// columns: as if zeros followed it up to max_length.
struct LinformerOptions : model::ChoicesOf<LinformerOptions> {
  int rank = 256;
  Sharing sharing = Sharing::kHeadwise;

  void describe(config::OptionSet& options) override {
    options.group("Linformer")
        .add("linformer-rank", &rank, {1, 65536},
             "rows that a document's keys and values are projected to")
        .add("linformer-sharing", &sharing,
             {{"none", Sharing::kNone},
              {"headwise", Sharing::kHeadwise},
              {"key-value", Sharing::kKeyValue},
              {"layerwise", Sharing::kLayerwise}},
             "what has a projection of its own: a head's keys and values, a layer's, a layer, or "
             "nothing");
  }
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    table.query_key_value(prefix, config.encoder.width);
    std::vector<std::int64_t> shape = {rank, config.text.max_length};
    if (sharing == Sharing::kNone) shape.insert(shape.begin(), config.encoder.heads);
    if (sharing == Sharing::kKeyValue) table.weight(prefix + "projection", shape, deviation());
    if (sharing == Sharing::kKeyValue || sharing == Sharing::kLayerwise) return;
    table.weight(prefix + "key_projection", shape, deviation());
    table.weight(prefix + "value_projection", shape, deviation());
  }
  void add_shared(model::TensorTable& table, const model::ModelConfig& config) const override {
    if (sharing != Sharing::kLayerwise) return;
    table.weight(std::string(model::kSharedPrefix) + "projection", {rank, config.text.max_length},
                 deviation());
  }
  double operations(const model::ModelConfig& config, double) const {
    const double width = config.encoder.width;
    return 3 * product_operations(width, width) + 2 * product_operations(rank, width) +
           attention_operations(rank, width);
  }

 private:
  double deviation() const { return 1 / std::sqrt(rank); }  // Theorem 2
};

// Softmax of Q (E K)' / sqrt(head width), times F V (eq. 7): linear in a document's length.
class Linformer : public Encoder {
 public:
  Linformer(const model::ModelConfig& config, const LinformerOptions& options)
      : options_(options), heads_(config.encoder.heads), longest_(config.text.max_length) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    const at::Tensor& for_keys = projection(layer, "key_projection.weight");
    const at::Tensor& for_values = projection(layer, "value_projection.weight");
    return attention_layer(hidden, ragged, layer, heads_, [&](const SameLength& x) {
      if (x.length() > longest_) {
        throw Error("a document is longer than the " + std::to_string(longest_) +
                    " tokens that the Linformer projects");
      }
      return scaled_attention(x.query.transpose(1, 2), projected(for_keys, x.key),
                              projected(for_values, x.value), {}, layer.products())
          .transpose(1, 2);
    });
  }

 private:
  const at::Tensor& projection(const Scope& layer, const char* own) const {
    if (options_.sharing == Sharing::kLayerwise) {
      return layer.whole().inside(model::kSharedPrefix)["projection.weight"];
    }
    return layer[options_.sharing == Sharing::kKeyValue ? "projection.weight" : own];
  }

  // rows [documents, length, heads, head width] to [documents, heads, rank, head width].
  at::Tensor projected(const at::Tensor& matrix, const at::Tensor& rows) const {
    const at::Tensor used = matrix.narrow(-1, 0, rows.size(1));
    if (matrix.dim() == 3) return at::matmul(used, rows.transpose(1, 2));
    return by_head(at::matmul(used, rows.flatten(2)), heads_).transpose(1, 2);
  }

  LinformerOptions options_;
  std::int64_t heads_, longest_;
};

}  // namespace

EncoderRow linformer_encoder() { return encoder_row<LinformerOptions, Linformer>("linformer"); }

}  // namespace fastformer::learn
