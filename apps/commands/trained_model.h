// What a training command writes into its model folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "io/work_folder.h"
#include "learn/parameters.h"
#include "model/model_config.h"
#include "model/wide_table.h"
#include "text/tokenizer.h"

namespace fastformer::apps {

struct TrainedModel {
  const model::ModelConfig& config;
  const learn::Parameters& parameters;
  const text::Tokenizer& tokenizer;
  const model::WideTable* wide = nullptr;
  config::Json provenance;  // sections of config.json that say how the model came about
  config::Json metrics;
  std::string command;  // for the model card
};

// Writes all files but the log of the training.
void write_trained_model(const io::WorkFolder& folder, const TrainedModel& model);

// "fastformer COMMAND ARGUMENTS", as a shell takes it.
std::string command_text(const std::string& command, Arguments arguments);

}  // namespace fastformer::apps
