// A model that guesses masked tokens: encoder and an output tied to the word embedding.
#pragma once

#include <cstdint>

#include "data/batches.h"
#include "learn/encoders/stack.h"

namespace fastformer::learn {

class MaskedModel {
 public:
  // With fresh parameters from `seed`; config.task is kPretraining.
  MaskedModel(const model::ModelConfig& config, std::uint64_t seed,
              at::ScalarType type = at::kFloat, at::Device device = at::kCPU);

  const model::ModelConfig& config() const { return config_; }
  at::Device device() const { return device_; }
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

  // What the tokens at `places` (int64) are guessed from: [places, width].
  at::Tensor guesses(const data::RaggedBatch& batch, const at::Tensor& places,
                     const ForwardContext& context) const;
  // Scores [guesses, candidates] of the words with these ids (int64, distinct).
  at::Tensor scores(const at::Tensor& guesses, const at::Tensor& candidates) const;

 private:
  model::ModelConfig config_;
  at::Device device_;
  Parameters parameters_;
  EncoderStack stack_;
};

}  // namespace fastformer::learn
