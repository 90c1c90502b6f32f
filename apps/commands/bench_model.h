// The model that bench runs: a folder's, or one with random weights.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "commands/model_use.h"
#include "model/folder.h"
#include "runtime/classifier.h"

namespace fastformer::apps {

class BenchModel {
 public:
  // A model folder's encoder.
  BenchModel(const std::string& folder, Numbers numbers);
  // "width,heads,layers,feedforward": what the published encoder contains, for documents of up to
  // `longest` tokens: learned positions, norms, layers, attention pooling.
  BenchModel(const std::string& shape, std::int64_t longest, Numbers numbers);
  // A classifier of this configuration.
  BenchModel(const model::ModelConfig& config, Numbers numbers);

  const model::ModelConfig& config() const { return config_; }
  runtime::Precision precision() const { return precision_; }
  // One that has not run yet, so that its memory says nothing of other batches.
  std::unique_ptr<const runtime::Classifier> classifier() const;
  // Multiplications and additions of a token in a document of many, counted as composed.
  double operations_per_token() const;
  // Random documents.
  std::vector<std::vector<std::int32_t>> documents(std::int64_t count, std::int64_t length) const;

 private:
  void fill_tensors();

  std::unique_ptr<const model::ModelFolder> folder_;
  model::ModelConfig config_;
  runtime::Precision precision_;
  std::map<std::string, std::vector<float>> tensors_;  // without a folder
};

}  // namespace fastformer::apps
