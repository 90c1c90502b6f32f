// The encoder branch of a model as commands use it, whoever computes it.
#pragma once

#include <fastformer/error.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

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

// A device is asked for that this program cannot reach.
class NeedsTorch : public Error {
 public:
  using Error::Error;
};

using EncoderLoader = std::unique_ptr<EncoderBranch> (*)(const model::ModelFolder& folder,
                                                         Numbers numbers,
                                                         const std::string& device);

// Who computes encoders that the runtime does not have, and all on a GPU: set once, where a program
// begins.
void set_loader_of_other_encoders(EncoderLoader loader);

// The encoder branch of the folder, which must outlive it; multiplies in `numbers` on the device of
// this name. Throws NeedsTorch for another device than the processor where no loader is set.
std::unique_ptr<EncoderBranch> load_encoder(const model::ModelFolder& folder, Numbers numbers,
                                            const std::string& device);

}  // namespace fastformer::apps
