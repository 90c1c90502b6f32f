// A trained model with its weights rounded to 8 bits, and its tables cut to fit into a size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/folder.h"
#include "model/quantized.h"

namespace fastformer::apps {

class QuantizedModel {
 public:
  // `folder` must outlive the model. Throws an Error for a folder that is quantized already, and
  // for weights that are not finite.
  explicit QuantizedModel(const model::ModelFolder& folder);

  // Leaves the least frequent words and the n-grams that matter least out, the same share of
  // either, so that `bytes` fewer bytes are written than whole(). Throws an Error that says what
  // the least is where even the smallest tables are too large. Words become unknown; pieces of
  // SentencePiece are all kept.
  void shrink(std::int64_t bytes);

  std::int64_t words() const { return words_; }
  std::int64_t features() const { return features_; }
  const model::ModelConfig& config() const { return config_; }

  // Writes all of the folder but the model card and the metrics.
  void write(const std::string& path) const;

 private:
  std::int64_t bytes_of(std::int64_t words, std::int64_t features) const;

  const model::ModelFolder& folder_;
  model::ModelConfig config_;
  std::int64_t words_ = 0, features_ = 0;  // kept
  std::string vocabulary_;                 // the tokenizer's file
  std::vector<std::int64_t> line_ends_;    // of the vocabulary's words; empty for pieces
  model::WideTable wide_;
};

// Bytes of all files in a folder.
std::int64_t folder_bytes(const std::string& path);

}  // namespace fastformer::apps
