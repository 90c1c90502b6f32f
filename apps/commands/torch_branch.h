// Encoders that the runtime does not have, and all on a GPU, computed by libtorch.
#pragma once

#include "commands/encoder_branch.h"

namespace fastformer::apps {

// For set_loader_of_other_encoders.
std::unique_ptr<EncoderBranch> load_torch_encoder(const model::ModelFolder& folder, Numbers numbers,
                                                  const std::string& device);

}  // namespace fastformer::apps
