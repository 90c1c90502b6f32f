// Reads and packs a model's weights.
#include "runtime/encoder_plan.h"

#include <fastformer/error.h>

#include "model/schema.h"

namespace fastformer::runtime {
namespace {

PackedAffine packed(const Multiplier& multiplier, const TensorSource& source,
                    const std::string& name, std::int64_t outputs, std::int64_t inputs) {
  Affine map = read_affine(source, name, outputs, inputs);
  PackedAffine packed{pack(map.weight), std::move(map.bias)};
  packed.weight.require(outputs, inputs, multiplier.precision());
  multiplier.convert(packed.weight);
  return packed;
}

ConvolutionPlan convolution_of(const TensorSource& source, const std::string& name,
                               const model::EncoderOptions& options) {
  return {Matrix(options.local_width, options.width, source(name + ".weight")),
          padded_vector(source(name + ".bias"))};
}

const model::ModelConfig& supported(const model::ModelConfig& config) {
  if (config.encoder.encoder != model::kFastformer) {
    throw Error("the runtime has no encoder \"" + config.encoder.encoder + "\"");
  }
  return config;
}

}  // namespace

BlockPlan::BlockPlan(const kernels::Stages& stages, const Multipliers& multipliers,
                     const model::ModelConfig& config, const TensorSource& source,
                     const std::string& prefix)
    : attention(stages, multipliers, config, source, prefix + "attention.") {
  const std::int64_t width = config.encoder.width, units = config.encoder.feed_forward;
  const bool normed = config.encoder.norm != NormPlacement::kNone;
  if (normed) attention_norm = read_norm(source, prefix + "attention.norm");
  if (config.encoder.local != Local::kNone) {
    convolution = convolution_of(source, prefix + "local.convolution", config.encoder);
  }
  if (config.encoder.local == Local::kGated) {
    gate = convolution_of(source, prefix + "local.gate", config.encoder);
  }
  if (units == 0) return;
  inner = packed(multipliers.tokens, source, prefix + "feed_forward.inner", units, width);
  outer = packed(multipliers.tokens, source, prefix + "feed_forward.outer", width, units);
  if (normed) feed_forward_norm = read_norm(source, prefix + "feed_forward.norm");
}

EncoderPlan::EncoderPlan(const kernels::Stages& stages_in, Precision precision,
                         const model::ModelConfig& config, const TensorSource& source,
                         const model::TensorView& words)
    : stages(stages_in),
      multipliers(stages_in, precision),
      options(config.encoder),
      embedding(supported(config), source, words) {
  const std::int64_t width = options.width;
  const int distinct = options.share_layers ? 1 : options.layers;
  for (int layer = 0; layer < distinct; ++layer) {
    blocks.emplace_back(stages, multipliers, config, source, model::layer_prefix(config, layer));
  }
  if (options.norm == NormPlacement::kPre) final_norm = read_norm(source, "encoder.norm");
  if (options.pooling != Pooling::kMax) {
    pooling_hidden = packed(multipliers.tokens, source, "pooling.hidden", width, width);
    pooling_score = packed(multipliers.tokens, source, "pooling.score", 1, width);
  }
  classifier = read_affine(source, "classifier", static_cast<std::int64_t>(config.labels.size()),
                           options.pooled_width());
  zeros.require(kernels::padded(width));
}

}  // namespace fastformer::runtime
