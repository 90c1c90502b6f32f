// Models trained with the authors' PyTorch code, taken over from a safetensors file of its state
// dict.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/model_config.h"
#include "model/safetensors.h"

namespace fastformer::model {

struct FloatTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  // For writing; valid as long as this tensor.
  NamedTensor view() const { return named_tensor(name, shape, values); }
};

struct ImportedModel {
  ModelConfig config;
  std::vector<FloatTensor> tensors;  // those of tensors_of(config), in its order
};

// Reads weights named as in the authors' state dict, all of them with or all of them without the
// prefix "weights."; tensors that are no part of the authors' model are left alone. The
// configuration (hidden_size, num_attention_heads, ...) is JSON in the file `config_path`, or in
// the weights file's metadata under "config" when `config_path` is empty. Vocabulary and number
// of labels follow from the weights; labels are named "0", "1", ...; id 0 is padding, as the
// authors have it. Throws an Error that names the file and the tensor or key.
ImportedModel import_official(const std::string& weights_path, const std::string& config_path);

// Pairs (our name, the authors' name without prefix), in the order of tensors_of(config). Throws
// an Error when the configuration has a tensor that the authors' model lacks.
std::vector<std::pair<std::string, std::string>> official_names(const ModelConfig& config);

}  // namespace fastformer::model
