// The encoder branch of a model as commands use it, whoever computes it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/parallel.h"
#include "commands/model_use.h"
#include "model/folder.h"

namespace fastformer::apps {

class EncoderBranch {
 public:
  virtual ~EncoderBranch() = default;
  // As runtime::Classifier::logits.
  virtual void logits(std::span<const std::span<const std::int32_t>> documents, ThreadPool& pool,
                      std::span<float> logits) const = 0;
};

using EncoderLoader = std::unique_ptr<EncoderBranch> (*)(const model::ModelFolder& folder,
                                                         Numbers numbers);

// Who computes encoders that the runtime does not have: set once, where a program begins.
void set_loader_of_other_encoders(EncoderLoader loader);

// The encoder branch of the folder, which must outlive it; multiplies in `numbers`.
std::unique_ptr<EncoderBranch> load_encoder(const model::ModelFolder& folder, Numbers numbers);

}  // namespace fastformer::apps
