// The README.md of a model folder: what the model is, how to use it, what was measured.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "config/options.h"
#include "model/model_config.h"

namespace fastformer::model {

struct CardFacts {
  std::string name;  // of the model's folder
  ModelConfig config;
  bool has_tokenizer = true;
  config::Json metrics;          // numbers, in objects if grouped; lists are left out; may be null
  std::string training_command;  // as a shell takes it; empty when the model was not trained here
  std::string origin;            // a sentence on where the weights are from; may be empty
};

// A word as a shell takes it; quoted when it holds anything but letters, digits and plain signs.
std::string shell_word(const std::string& word);

// Markdown with the front matter that model hubs read. Ends in a line break.
std::string model_card(const CardFacts& facts);

}  // namespace fastformer::model
