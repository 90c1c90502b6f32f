// The one interface of encoders: how the tokens of a document mix in a layer.
#pragma once

#include <cstdint>
#include <memory>

#include "learn/ops/biased.h"
#include "learn/parameters.h"
#include "learn/ragged.h"
#include "learn/subwords.h"
#include "model/model_config.h"

namespace fastformer::learn {

// What a forward pass needs beside its input.
struct ForwardContext {
  bool training = false;
  std::uint64_t seed = 0;                            // of this step; dropout masks follow from it
  DropoutMask dropout_mask = DropoutMask::kToken;    // in training
  double word_dropout = 0;                           // in training: share of unknown words
  const Subwords* subwords = nullptr;                // when set, part of every word's vector
  std::vector<at::Tensor>* hidden_states = nullptr;  // when set, receives each layer's output
};

// Encoders differ in this alone; embedding, blocks, pooling and heads are written once.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // hidden [tokens, width] of documents laid end to end -> [tokens, width]: the layer's attention
  // with its output product ("output"), before dropout, the residual and the norm. A document's
  // rows depend on that document alone.
  virtual at::Tensor mix(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                         const ForwardContext& context) const = 0;
  // The same, where a bias may be left to what comes next.
  virtual Biased mix_biased(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer,
                            const ForwardContext& context) const {
    return mix(hidden, ragged, layer, context);
  }
};

// The encoder that the configuration names; an unknown name is an Error naming the nearest.
std::unique_ptr<Encoder> make_encoder(const model::ModelConfig& config);

// Makes the encoders of the table known to the program: see model::add_encoders.
void install_encoders();

}  // namespace fastformer::learn
