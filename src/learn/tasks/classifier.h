// A text classifier: encoder, pooling and a linear head.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/batches.h"
#include "learn/device.h"
#include "learn/encoders/stack.h"
#include "model/folder.h"

namespace fastformer::learn {

class Classifier {
 public:
  // With fresh parameters from `seed`.
  Classifier(const model::ModelConfig& config, std::uint64_t seed, at::ScalarType type = at::kFloat,
             at::Device device = at::kCPU);
  // With the parameters of a model folder.
  explicit Classifier(const model::ModelFolder& folder, at::ScalarType type = at::kFloat,
                      at::Device device = at::kCPU);

  // How errors call the model: its folder's path.
  const std::string& name() const { return name_; }
  const model::ModelConfig& config() const { return config_; }
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }

  // Logits [documents, labels]. An empty document's are the head's bias.
  at::Tensor logits(const data::RaggedBatch& batch, const ForwardContext& context) const;

 private:
  std::string name_ = "the model in training";
  model::ModelConfig config_;
  at::Device device_;
  Parameters parameters_;
  EncoderStack stack_;
};

// Logits [documents, labels], row-major, of all documents in their order; batches hold documents of
// like length. No gradients. Logits that are not finite are an Error that names the model.
std::vector<float> classify(const Classifier& classifier, const data::Documents& documents,
                            const data::BatchOptions& options);

}  // namespace fastformer::learn
