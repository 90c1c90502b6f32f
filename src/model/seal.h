// Digests by which damaged tensor files are told: see base/digest.h for what they are worth.
#pragma once

#include <map>
#include <span>
#include <string>

#include "model/safetensors.h"

namespace fastformer::model {

// The metadata's entry that holds the digest of all tensors and of the other metadata.
inline constexpr char kSealKey[] = "seal";

// write_safetensors with a seal.
void write_sealed_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                              std::map<std::string, std::string> metadata);

// Reads the whole file and throws an Error where the seal is another. A file without a seal, as
// other programs write them, is taken as it is.
void check_seal(const SafetensorsFile& file, const std::string& advice = "");

}  // namespace fastformer::model
