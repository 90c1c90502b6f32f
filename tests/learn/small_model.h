// Small models and documents that the tests of learn share.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "data/batches.h"
#include "learn/encoders/encoder.h"
#include "learn/tasks/classifier.h"
#include "model/model_config.h"

namespace fastformer::learn {

// 3 labels, width 12, 3 heads, 2 layers, 30 known tokens, no dropout; any encoder can be chosen.
inline model::ModelConfig small_config() {
  install_encoders();
  model::ModelConfig config;
  config.encoder.width = 12;
  config.encoder.heads = 3;
  config.encoder.layers = 2;
  config.encoder.feed_forward = 10;
  config.encoder.dropout = 0;
  config.encoder.norm_epsilon = 1e-5;
  config.text.max_length = 64;
  config.vocabulary = 30;
  config.labels = {"a", "b", "c"};
  return config;
}

// Documents of the given lengths with random ids below the small model's vocabulary.
inline std::vector<std::vector<std::int32_t>> random_documents(const std::vector<int>& lengths,
                                                               std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<std::vector<std::int32_t>> documents;
  for (int length : lengths) {
    std::vector<std::int32_t> ids;
    for (int i = 0; i < length; ++i) ids.push_back(static_cast<std::int32_t>(random.below(30)));
    documents.push_back(ids);
  }
  return documents;
}

// All documents in one batch, in order.
inline data::RaggedBatch batch_of(const std::vector<std::vector<std::int32_t>>& documents) {
  std::vector<std::int64_t> indices;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    indices.push_back(static_cast<std::int64_t>(i));
  }
  return data::make_batch(documents, indices);
}

// Spreads out the parameters of a fresh classifier, so that no part of it is nearly linear. Like
// the fresh values, a tensor's depend on its name and shape alone.
inline void spread_parameters(Classifier& classifier) {
  const at::NoGradGuard no_gradients;
  const Parameters& parameters = classifier.parameters();
  for (std::size_t n = 0; n < parameters.names().size(); ++n) {
    Random random(hash_of(parameters.names()[n], 99));
    at::Tensor noise = at::empty(parameters.tensors()[n].sizes(), at::kDouble);
    double* values = noise.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < noise.numel(); ++i) values[i] = 0.4 * random.normal();
    at::Tensor tensor = parameters.tensors()[n].detach();
    tensor.add_(noise.to(tensor.scalar_type()));
  }
}

// Largest absolute difference of two tensors.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace fastformer::learn
