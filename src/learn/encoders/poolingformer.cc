// Poolingformer (Zhang et al., arXiv 2105.04371): a sliding window, then a wider one, pooled.
#include <fastformer/error.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "learn/encoders/attention_layer.h"
#include "learn/encoders/operations.h"
#include "learn/encoders/registry.h"
#include "learn/ops/window_attention.h"

namespace fastformer::learn {
namespace {

enum class KeyPooling { kMean, kMax, kDynamic };

// No code of the authors was found. Their paper was read so: windows reach as far as their size on
// each side; the second level's queries, keys and values are maps of the first level's results; the
// layer's result is the sum of both levels. Of a document's keys every stride-th token's is the
// middle of a pooled one, and pooling leaves out what lies beyond the document's ends.
struct PoolingformerOptions : model::ChoicesOf<PoolingformerOptions> {
  int window = 128;
  int pooled_window = 512;
  int kernel = 5;
  int stride = 4;
  KeyPooling pooling = KeyPooling::kDynamic;

  void describe(config::OptionSet& options) override {
    options.group("Poolingformer")
        .add("poolingformer-window", &window, {1, 1 << 20},
             "tokens on each side of a token that its first attention sees")
        .add("poolingformer-pooled-window", &pooled_window, {1, 1 << 20},
             "tokens on each side whose pooled keys its second attention sees")
        .add("poolingformer-kernel", &kernel, {1, 1023}, "tokens that are pooled into one; odd")
        .add("poolingformer-stride", &stride, {1, 1023}, "tokens from one pooled key to the next")
        .add("poolingformer-pooling", &pooling,
             {{"mean", KeyPooling::kMean},
              {"max", KeyPooling::kMax},
              {"ldconv", KeyPooling::kDynamic}},
             "what becomes of the tokens that are pooled; ldconv: a sum whose weights follow from "
             "the token in the middle");
  }
  void validate(const model::ModelConfig&) const override {
    if (kernel % 2 == 1) return;
    throw usage_error("the kernel of " + std::to_string(kernel) + " tokens is even",
                      "poolingformer-kernel", "A token stands in the middle of it");
  }
  void add_layer(model::TensorTable& table, const std::string& prefix,
                 const model::ModelConfig& config) const override {
    const std::int64_t width = config.encoder.width, heads = config.encoder.heads;
    table.query_key_value(prefix, width);
    table.query_key_value(prefix + "pooled_", width);
    if (pooling != KeyPooling::kDynamic) return;
    table.linear(prefix + "key_pooling", heads * kernel, width);
    table.linear(prefix + "value_pooling", heads * kernel, width);
  }
  double operations(const model::ModelConfig& config, double length) const {
    const double width = config.encoder.width;
    const double near = std::min(length, 2.0 * window + 1);
    const double far = std::min(length, 2.0 * pooled_window + 1) / stride;
    const double pooling_maps = pooling == KeyPooling::kDynamic ? 2 : 0;  // one token in `stride`
    return 6 * product_operations(width, width) +
           pooling_maps / stride * product_operations(1.0 * config.encoder.heads * kernel, width) +
           2 * product_operations(kernel, width) / stride + attention_operations(near + far, width);
  }
};

class Poolingformer : public Encoder {
 public:
  Poolingformer(const model::ModelConfig& config, const PoolingformerOptions& options)
      : options_(options), heads_(config.encoder.heads) {}

  at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                 const ForwardContext&) const override {
    return attention_layer(hidden, ragged, layer, heads_, [&](const SameLength& x) {
      const at::Tensor first =
          window_attention(x.query, x.key, x.value, {options_.window}, layer.products());
      const at::Tensor rows = first.flatten(2);
      const at::Tensor key = mapped_by_head(rows, layer, "pooled_key", heads_);
      const at::Tensor value = mapped_by_head(rows, layer, "pooled_value", heads_);
      const at::Tensor second =
          window_attention(mapped_by_head(rows, layer, "pooled_query", heads_),
                           pooled(key, layer, "key_pooling"), pooled(value, layer, "value_pooling"),
                           {options_.pooled_window, options_.stride}, layer.products());
      return first + second;
    });
  }

 private:
  // [documents, length, heads, e] to [documents, ceil(length / stride), heads, e].
  at::Tensor pooled(const at::Tensor& rows, const Scope& layer, const char* name) const {
    const std::int64_t length = rows.size(1), kernel = options_.kernel, stride = options_.stride;
    const std::int64_t count = (length + stride - 1) / stride, side = kernel / 2;
    const at::Tensor padded = at::constant_pad_nd(rows, {0, 0, 0, 0, side, side});
    std::vector<at::Tensor> taps;
    for (std::int64_t tap = 0; tap < kernel; ++tap) {
      taps.push_back(padded.slice(1, tap, tap + (count - 1) * stride + 1, stride));
    }
    const at::Tensor near = at::stack(taps, 3);  // [documents, count, heads, kernel, e]
    const at::TensorOptions places = rows.options().dtype(at::kLong);
    const at::Tensor place =
        (at::arange(count, places) * stride).unsqueeze(1) + at::arange(-side, side + 1, places);
    const at::Tensor beyond = place.lt(0).logical_or(place.ge(length)).unsqueeze(1);
    constexpr double kLowest = -std::numeric_limits<double>::infinity();
    if (options_.pooling == KeyPooling::kMax) {
      return near.masked_fill(beyond.unsqueeze(3), kLowest).amax(3);
    }
    at::Tensor scores = at::zeros({1, count, 1, kernel}, rows.options());
    if (options_.pooling == KeyPooling::kDynamic) {
      const at::Tensor middle = rows.slice(1, 0, length, stride).flatten(2);
      scores = mapped_by_head(middle, layer, name, heads_);
    }
    const at::Tensor weights = scores.masked_fill(beyond, kLowest).softmax(3);
    return (near * weights.unsqueeze(4)).sum(3);
  }

  PoolingformerOptions options_;
  std::int64_t heads_;
};

}  // namespace

EncoderRow poolingformer_encoder() {
  return encoder_row<PoolingformerOptions, Poolingformer>("poolingformer");
}

}  // namespace fastformer::learn
