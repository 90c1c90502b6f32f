// What stands around every encoder: embedding, blocks and pooling.
#pragma once

#include <memory>
#include <vector>

#include "learn/encoders/encoder.h"
#include "learn/ops/residual_norm.h"

namespace fastformer::learn {

// Token ids to one vector per document.
class EncoderStack {
 public:
  explicit EncoderStack(const model::ModelConfig& config);

  // Hidden states [tokens, width] of ids (int64 [tokens]) after the last block.
  at::Tensor encode(const Parameters& parameters, const at::Tensor& ids, const Ragged& ragged,
                    const ForwardContext& context) const;
  // Hidden states to what the head reads, [documents, pooled width]; an empty document gives zeros.
  at::Tensor pool(const Parameters& parameters, const at::Tensor& hidden,
                  const Ragged& ragged) const;

 private:
  at::Tensor embed(const Parameters& parameters, const at::Tensor& ids, const Ragged& ragged,
                   const Subwords* subwords) const;
  at::Tensor block(const at::Tensor& hidden, const Ragged& ragged, const Scope& layer, int index,
                   const ForwardContext& context) const;
  // What a token's neighbours add to it, [tokens, width].
  at::Tensor local(const at::Tensor& input, const Ragged& ragged, const Scope& part) const;
  at::Tensor sublayer_input(const at::Tensor& hidden, const Scope& part) const;
  bool ends_in_norm() const;
  at::Tensor sublayer_output(const at::Tensor& hidden, const Biased& change, const Ragged& ragged,
                             const Dropout& dropout, const Scope& part) const;
  at::Tensor normalized(const at::Tensor& hidden, const Scope& norm) const;
  LayerNorm norm_of(const Scope& norm) const;

  model::ModelConfig config_;
  std::unique_ptr<Encoder> encoder_;
};

// Sinusoidal position embedding of the positions [tokens]: [tokens, width] (Vaswani et al., 2017,
// section 3.5: sine at even, cosine at odd components).
at::Tensor sinusoidal_positions(const at::Tensor& positions, std::int64_t width);

}  // namespace fastformer::learn
