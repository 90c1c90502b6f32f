// A small model with made-up numbers, and its folder, for the tests.
#pragma once

#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "base/strings.h"
#include "model/config_json.h"
#include "model/folder.h"
#include "model/official_import.h"
#include "model/quantized.h"
#include "model/schema.h"
#include "temporary_folder.h"
#include "text/tokenizer.h"

namespace fastformer::model {

inline constexpr const char* kSmallVocabulary = "<unk>\nthe\nfast\nformer\n";

// Leaves out waiting for the disk until the end of the scope: what tests write need not last.
class WithoutSync {
 private:
  class Operations : public io::Operations {
   public:
    int fsync(int) override { return 0; }
  };
  Operations operations_;
  io::ScopedOperations scope_{&operations_};
};

inline ModelConfig small_config() {
  ModelConfig config;
  config.encoder.width = 8;
  config.encoder.heads = 2;
  config.encoder.layers = 1;
  config.encoder.feed_forward = 4;
  config.text.tokenizer = text::TokenizerKind::kWord;
  config.text.max_length = 3;
  config.vocabulary = 4;
  config.labels = {"sport", "\xc3\xa4rger", ""};
  return config;
}

// Makes `config` one of some 60 SentencePiece pieces, which it gives.
inline std::string learn_pieces(ModelConfig& config, text::TokenizerKind kind) {
  std::vector<std::string> documents;
  for (int i = 0; i < 200; ++i) {
    documents.push_back("fast former " + std::to_string(i * 37) + " tokens");
  }
  config.text.tokenizer = kind;
  config.text.vocabulary_size = 60;
  const auto tokenizer = text::train_tokenizer(config.text, views_of(documents), serial_for());
  config.vocabulary = tokenizer->size();
  return tokenizer->serialize();
}

// Every tensor of the configuration, filled from a seed.
inline std::vector<FloatTensor> random_tensors(const ModelConfig& config, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<FloatTensor> tensors;
  for (const TensorSpec& spec : tensors_of(config)) {
    std::vector<float> values(static_cast<std::size_t>(spec.elements()));
    for (float& value : values) value = static_cast<float>(random.normal());
    tensors.push_back({spec.name, spec.shape, std::move(values)});
  }
  return tensors;
}

// Parts of a folder over `tensors`, which must outlive them.
inline ModelParts small_parts(const std::vector<FloatTensor>& tensors) {
  ModelParts parts;
  parts.config = small_config();
  parts.extra = {{"data", {{"text_column", {"title", "body"}}}}, {"training", {{"epochs", 3}}}};
  for (const FloatTensor& tensor : tensors) parts.tensors.push_back(tensor.view());
  parts.tokenizer = kSmallVocabulary;
  parts.card = "# small\n";
  parts.metrics = {{"accuracy", 0.5}};
  return parts;
}

// The tensors as a quantized model has them, and views of them all.
class QuantizedTensors {
 public:
  explicit QuantizedTensors(const std::vector<FloatTensor>& tensors) : floats_(tensors) {
    for (const TensorSpec& spec : tensors_of(small_config())) {
      const FloatTensor& tensor = floats_[matrices_.size()];
      matrices_.push_back(stored_in_bytes(spec) ? quantize(tensor.values, spec.shape)
                                                : ByteMatrix());
    }
  }

  std::vector<NamedTensor> views() const {
    std::vector<NamedTensor> views;
    for (std::size_t i = 0; i < floats_.size(); ++i) {
      if (matrices_[i].shape.empty()) {
        views.push_back(floats_[i].view());
        continue;
      }
      views.push_back(matrices_[i].number_tensor(floats_[i].name));
      views.push_back(matrices_[i].scale_tensor(floats_[i].name));
    }
    return views;
  }

 private:
  std::vector<FloatTensor> floats_;
  std::vector<ByteMatrix> matrices_;
};

// A whole model folder on disk.
class SmallFolder {
 public:
  explicit SmallFolder(bool quantized = false) : tensors_(random_tensors(small_config())) {
    const WithoutSync without_sync;
    io::make_directory(path());
    ModelParts parts = small_parts(tensors_);
    const QuantizedTensors rounded(tensors_);
    if (quantized) parts.tensors = rounded.views();
    parts.config.quantized = quantized;
    write_model_folder(path(), parts);
  }

  std::string path() const { return folder_.file("model"); }
  std::string file(std::string_view name) const { return io::join_path(path(), name); }
  const std::vector<FloatTensor>& tensors() const { return tensors_; }

 private:
  TemporaryFolder folder_;
  std::vector<FloatTensor> tensors_;
};

}  // namespace fastformer::model
