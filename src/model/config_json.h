// config.json of a model folder: the model's configuration as a document that people can read.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "model/model_config.h"

namespace fastformer::model {

// The newest version of the document that this program reads. It writes the oldest one that says
// what a model is: 2 has quantized weights, 1 has not.
inline constexpr int kConfigFormat = 2;

// Sections that travel with a model and that other layers give a meaning to: "data" (how the data
// were read), "training" (how the model was trained), "import" (where it was imported from).
inline constexpr const char* kImportSection = "import";
const std::vector<std::string>& extra_sections();

// The document:
//   {"format": 1 or 2, "weights": "int8" where they are quantized, "task": .., "model": {encoder
//   and attention options}, "text": {text options},
//    "target": "single" or "multi", "thresholds": [..] where a label has one,
//    "labels": [..], "vocabulary": N, "padding_id": N or -1, "temperature": X,
//    "wide": {the wide branch, where there is one}, then the extra sections given}
// `extra` is an object whose keys are among extra_sections(), or null. Throws an Error when the
// configuration is not valid.
config::Json config_document(const ModelConfig& config, const config::Json& extra = nullptr);

// Reads a document back. Strict: an unknown key is an Error that names the nearest known one, every
// value is checked against its option's range, and a document of a newer version is refused. An
// option that is missing in "model" or "text" keeps its default, as do target and temperature.
// `where` begins every message.
ModelConfig parse_config(const config::Json& document, const std::string& where);

// The same from the bytes of a file; the document itself is returned through `document` if given.
ModelConfig parse_config_text(std::string_view text, const std::string& where,
                              config::Json* document = nullptr);

}  // namespace fastformer::model
