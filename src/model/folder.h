// The model folder: configuration, tensors, tokenizer and what people read about them.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/options.h"
#include "model/model_config.h"
#include "model/safetensors.h"
#include "model/wide_table.h"
#include "text/pipeline.h"
#include "text/tokenizer.h"

namespace fastformer::model {

inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kTensorFile = "model.safetensors";
inline constexpr const char* kCardFile = "README.md";
inline constexpr const char* kMetricsFile = "metrics.json";
inline constexpr const char* kTrainingLogFile = "training.jsonl";
// A model is trained in the sibling folder DIR.training, which is renamed to DIR at the end.
inline constexpr const char* kTrainingSuffix = ".training";

// An opened folder; every part has been checked against the configuration.
class ModelFolder {
 public:
  // Throws an Error that names the file, and the tensor or key in it, when something is missing,
  // damaged or made by a newer version. Tensors must be exactly those of tensors_of(config), of
  // the right shape and F64, F32, F16 or BF16, or those of stored_tensors_of(config). Only the
  // README and the files of training may be missing, and the tokenizer's file if config.json has an
  // "import" section.
  static ModelFolder open(const std::string& path);

  ~ModelFolder();
  ModelFolder(ModelFolder&&) noexcept;
  ModelFolder& operator=(ModelFolder&&) noexcept;

  const std::string& path() const { return path_; }
  const ModelConfig& config() const { return config_; }
  // The whole of config.json, with the sections that this layer gives no meaning to.
  const config::Json& config_document() const { return document_; }
  const SafetensorsFile& tensors() const { return tensors_; }
  // A copy of the elements of a tensor of the schema, multiplied by their scales if quantized.
  std::vector<float> floats(const std::string& name) const;
  // The wide branch's table, which reads its numbers from tensors(); nullptr without one.
  const WideTable* wide() const { return wide_.get(); }
  // nullptr when the model has no tokenizer and takes token ids only.
  std::shared_ptr<const text::Tokenizer> tokenizer() const { return tokenizer_; }
  // Throws when the model labels nothing, being a pretrained encoder.
  void require_classifier() const;
  // From a document's bytes to token ids. Throws when there is no tokenizer.
  text::Pipeline pipeline() const;
  // What metrics.json holds, or null without the file. Read when called.
  config::Json metrics() const;
  // Numbers in all tensors.
  std::int64_t parameters() const;

 private:
  ModelFolder(std::string path, SafetensorsFile tensors);

  std::string path_;
  config::Json document_;
  ModelConfig config_;
  SafetensorsFile tensors_;
  std::shared_ptr<const WideTable> wide_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

// All that a model folder is made of.
struct ModelParts {
  ModelConfig config;
  config::Json extra;                // sections of extra_sections(), or null
  std::vector<NamedTensor> tensors;  // those of stored_tensors_of(config), in any order
  const WideTable* wide = nullptr;   // that of config.wide
  std::string tokenizer;             // what Tokenizer::serialize() gave; empty for none, which
                                     // takes an "import" section in `extra`
  std::string card;                  // README.md
  config::Json metrics;              // metrics.json, or null for none
};

// Writes the files into the existing folder `path`. Throws, before anything is written, when the
// tensors or the tokenizer are not those of the configuration. Meant for an io::WorkFolder: a
// folder is whole only when all files are in it.
void write_model_folder(const std::string& path, const ModelParts& parts);

}  // namespace fastformer::model
