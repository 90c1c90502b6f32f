// The one table of a model's tensors: names, shapes and how each begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/tensor_table.h"

namespace fastformer::model {

// Every tensor of the model, in file order. Weights of products are [outputs, inputs]. With
// d = width, e = d / heads, H = heads, f = feed_forward, C = labels, V = vocabulary:
//   embedding.word.weight [V, d], embedding.position.weight [max_length, d],
//   embedding.norm.{weight,bias} [d]
//   encoder.layer.L.attention.{query,key,value}.{weight [d, d] or [e, d], bias}
//   encoder.layer.L.attention.{query_score,key_score}.{weight [H, d] or [H, e], bias [H]}
//   encoder.layer.L.attention.{key_interaction,value_interaction}.{weight [d, 2d], bias [d]}
//   (without a global key no value, key_score and value_interaction)
//   encoder.layer.L.attention.{transform,output}.{weight [d, d], bias [d]}
//   encoder.layer.L.attention.norm.{weight,bias} [d]
//   encoder.layer.L.local.{convolution,gate}.{weight [K, d], bias [d]}, K = local width: row k
//   meets the token k - K / 2 places on; the gate only where gated
//   encoder.layer.L.feed_forward.{inner [f, d],outer [d, f],norm}
//   encoder.norm (pre-norm only)
// Other encoders have other tensors under attention., and perhaps some under encoder.shared.; their
// files in learn/encoders list them.
//
// Then a classifier's pooling.hidden [d, d] and pooling.score [1, d] (not with max pooling alone)
// and classifier [C, d], or [C, 2d] on both poolings: attention's, then the largest. A pretrained
// encoder has prediction.hidden [d, d], prediction.norm and prediction.bias [V] instead: a word's
// score is its row of the word embedding times the guess, plus its bias.
std::vector<TensorSpec> tensors_of(const ModelConfig& config);

// Whether a quantized model has the tensor as whole numbers of 8 bits with a scale for each row:
// the embedding's tables and the matrices of layers and pooling, not what is small beside them.
bool stored_in_bytes(const TensorSpec& spec);

// A tensor as it lies in a model's file; `dtype` is empty for any floating-point numbers.
struct StoredTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
};

// The tensors of tensors_of as the file has them; of a quantized model, numbers and then scales.
std::vector<StoredTensor> stored_tensors_of(const ModelConfig& config);

// The tensors of the wide branch, none without one. With F features and K columns:
//   wide.bucket [F] (I32, ascending), wide.idf [F], wide.spread [F], wide.weight [F, K] (I8),
//   wide.scale [F] (of a feature's weights), wide.bias [K]; floats but where said.
std::vector<StoredTensor> wide_tensors_of(const ModelConfig& config);

// Numbers in all tensors of the model's file.
std::int64_t stored_numbers_of(const ModelConfig& config);

// Prefix of layer `layer`'s tensors ("encoder.layer.0."); layer 0's where layers are shared.
std::string layer_prefix(const ModelConfig& config, int layer);

}  // namespace fastformer::model
