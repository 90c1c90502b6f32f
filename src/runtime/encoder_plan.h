// A model's weights, prepared once for any number of documents.
#pragma once

#include <vector>

#include "model/model_config.h"
#include "runtime/attention_plan.h"
#include "runtime/embedding.h"

namespace fastformer::runtime {

// y = W x + b with W packed.
struct PackedAffine {
  PackedMatrix weight;
  Floats bias;
};

// A depthwise convolution over neighbouring tokens.
struct ConvolutionPlan {
  Matrix taps;  // [local width, width]
  Floats bias;
};

struct BlockPlan {
  BlockPlan(const kernels::Stages& stages, const Multipliers& multipliers,
            const model::ModelConfig& config, const TensorSource& source,
            const std::string& prefix);

  AttentionPlan attention;
  Norm attention_norm, feed_forward_norm;  // empty without norms
  PackedAffine inner, outer;               // empty without feed-forward part
  ConvolutionPlan convolution, gate;       // of the local branch, where there is one
};

// Immutable, so that any number of threads may use it.
struct EncoderPlan {
  // Tensors as the schema has them; `words` as for Embedding. Throws an Error for an encoder that
  // the runtime does not have.
  EncoderPlan(const kernels::Stages& stages, Precision precision, const model::ModelConfig& config,
              const TensorSource& source, const model::TensorView& words);

  const BlockPlan& block(int layer) const {
    return blocks[options.share_layers ? 0 : static_cast<std::size_t>(layer)];
  }

  // Where products round a token anyway, it is kept in bfloat16 between the sweeps.
  bool keeps_short_tokens() const { return multipliers.tokens.precision() != Precision::kFloat32; }
  // Whether they are also kept as products read them: in bfloat16 that is the same, so that who
  // packs them has kept them; in int8 it is a copy.
  bool keeps_operands() const {
    return keeps_short_tokens() && options.norm != NormPlacement::kPre;
  }
  bool packing_keeps_tokens() const {
    return keeps_operands() && multipliers.tokens.precision() == Precision::kBfloat16;
  }
  bool keeps_quads() const { return keeps_operands() && !packing_keeps_tokens(); }

  const kernels::Stages& stages;
  Multipliers multipliers;
  model::EncoderOptions options;
  Embedding embedding;
  std::vector<BlockPlan> blocks;
  Norm final_norm;              // pre-norm only
  PackedAffine pooling_hidden;  // not with max pooling alone, as the next
  PackedAffine pooling_score;
  Affine classifier;
  Floats zeros;  // [width]
};

}  // namespace fastformer::runtime
