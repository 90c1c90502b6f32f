// Lists the tensors of a model from its configuration.
#include "model/schema.h"

#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include "model/quantized.h"

namespace fastformer::model {
namespace {

void add_local(TensorTable& table, const std::string& prefix, const EncoderOptions& encoder) {
  if (encoder.local == Local::kNone) return;
  table.convolution(prefix + "convolution", encoder.local_width, encoder.width);
  if (encoder.local == Local::kGated) {
    table.convolution(prefix + "gate", encoder.local_width, encoder.width);
  }
}

void add_layer(TensorTable& table, const std::string& prefix, const ModelConfig& config) {
  const EncoderOptions& encoder = config.encoder;
  const bool normed = encoder.norm != NormPlacement::kNone;
  config.choices().add_layer(table, prefix + "attention.", config);
  table.linear(prefix + "attention.output", encoder.width, encoder.width);
  if (normed) table.norm(prefix + "attention.norm", encoder.width);
  add_local(table, prefix + "local.", encoder);
  if (encoder.feed_forward == 0) return;
  table.linear(prefix + "feed_forward.inner", encoder.feed_forward, encoder.width);
  table.linear(prefix + "feed_forward.outer", encoder.width, encoder.feed_forward);
  if (normed) table.norm(prefix + "feed_forward.norm", encoder.width);
}

}  // namespace

void FastformerOptions::add_layer(TensorTable& table, const std::string& prefix,
                                  const ModelConfig& config) const {
  const std::int64_t width = config.encoder.width;
  const std::int64_t heads = config.encoder.heads;
  const std::int64_t head_width = config.encoder.head_width();
  const std::int64_t projected = share_heads ? head_width : width;
  const std::int64_t seen = head_scores == HeadScores::kWhole ? width : head_width;
  table.linear(prefix + "query", projected, width);
  table.linear(prefix + "key", projected, width);
  if (global_key && !share_query_value) table.linear(prefix + "value", projected, width);
  table.linear(prefix + "query_score", heads, seen);
  if (global_key) table.linear(prefix + "key_score", heads, seen);
  if (interaction == Interaction::kConcatenation) {
    table.linear(prefix + "key_interaction", width, 2 * width);
    if (global_key) table.linear(prefix + "value_interaction", width, 2 * width);
  }
  table.linear(prefix + "transform", width, width);
}

std::int64_t TensorSpec::elements() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<TensorSpec> tensors_of(const ModelConfig& config) {
  const EncoderOptions& encoder = config.encoder;
  TensorTable table;
  // Sines are as large as one; tokens far below them would be nothing at first but their places.
  // Where tokens are guessed, the same rows make scores, which must begin small.
  const bool beside_sines =
      encoder.positions == Positions::kSinusoidal && !config.is_pretrained_encoder();
  table.weight("embedding.word", {config.vocabulary, encoder.width},
               beside_sines ? 1 : kInitialDeviation);
  if (encoder.positions == Positions::kLearned) {
    table.weight("embedding.position", {config.text.max_length, encoder.width});
  }
  if (encoder.norm != NormPlacement::kNone) table.norm("embedding.norm", encoder.width);
  const int distinct_layers = encoder.share_layers ? 1 : encoder.layers;
  config.choices().add_shared(table, config);
  for (int layer = 0; layer < distinct_layers; ++layer) {
    add_layer(table, layer_prefix(config, layer), config);
  }
  if (encoder.norm == NormPlacement::kPre) table.norm("encoder.norm", encoder.width);
  if (config.is_pretrained_encoder()) {
    table.linear("prediction.hidden", encoder.width, encoder.width);
    table.norm("prediction.norm", encoder.width);
    table.bias("prediction", config.vocabulary);
    return table.take();
  }
  if (encoder.pooling != Pooling::kMax) {
    table.linear("pooling.hidden", encoder.width, encoder.width);
    table.linear("pooling.score", 1, encoder.width);
  }
  table.linear("classifier", static_cast<std::int64_t>(config.labels.size()),
               encoder.pooled_width());
  return table.take();
}

bool stored_in_bytes(const TensorSpec& spec) {
  const std::string_view name = spec.name;
  const bool is_local = name.find(".local.") != name.npos;
  return spec.shape.size() == 2 && !is_local &&
         (name.starts_with("embedding.") || name.starts_with("encoder.") ||
          name == "pooling.hidden.weight");
}

std::vector<StoredTensor> stored_tensors_of(const ModelConfig& config) {
  std::vector<StoredTensor> stored;
  for (TensorSpec& spec : tensors_of(config)) {
    if (!config.quantized || !stored_in_bytes(spec)) {
      stored.push_back({std::move(spec.name), "", std::move(spec.shape)});
      continue;
    }
    stored.push_back({spec.name, "I8", spec.shape});
    stored.push_back({scale_name(spec.name), "F32", {spec.shape[0]}});
  }
  return stored;
}

std::vector<StoredTensor> wide_tensors_of(const ModelConfig& config) {
  if (!config.wide.present) return {};
  const std::int64_t features = config.wide.features, columns = config.wide_columns();
  return {{"wide.bucket", "I32", {features}}, {"wide.idf", "F32", {features}},
          {"wide.spread", "F32", {features}}, {"wide.weight", "I8", {features, columns}},
          {"wide.scale", "F32", {features}},  {"wide.bias", "F32", {columns}}};
}

std::int64_t stored_numbers_of(const ModelConfig& config) {
  std::int64_t count = 0;
  for (const auto& list : {stored_tensors_of(config), wide_tensors_of(config)}) {
    for (const StoredTensor& tensor : list) {
      count += std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1},
                               std::multiplies<>());
    }
  }
  return count;
}

std::string layer_prefix(const ModelConfig& config, int layer) {
  return "encoder.layer." + std::to_string(config.encoder.share_layers ? 0 : layer) + ".";
}

}  // namespace fastformer::model
