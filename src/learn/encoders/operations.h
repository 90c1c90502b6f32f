// How many operations a token costs.
#pragma once

#include "model/model_config.h"

namespace fastformer::learn {

// A vector times a matrix [outputs, inputs].
constexpr double product_operations(double outputs, double inputs) { return 2 * outputs * inputs; }

// A token's query with so many keys, and the sum of their values.
constexpr double attention_operations(double keys, double width) { return 4 * keys * width; }

// Of a layer's mixing, as the encoder's file counts it, without the output product.
double mixing_operations(const model::ModelConfig& config, double length);

// Multiplications and additions of the forward pass for a token of a document of `length` tokens:
// the products of all layers and of pooling, the local branch, and what the encoder's file counts
// of its mixing, each as published. What is done number by number (norms, residuals, softmax), the
// embedding and the classifier, which a document needs once, are left out.
double operations_per_token(const model::ModelConfig& config, double length);

}  // namespace fastformer::learn
