// Where a model's tensors come from: a model folder, or memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/matrix.h"

namespace fastformer::runtime {

// A tensor's elements, row by row, by its name in the schema.
using TensorSource = std::function<std::vector<float>(const std::string& name)>;

// y = W x + b.
struct Affine {
  Matrix weight;  // [outputs, inputs]
  Floats bias;    // [outputs]
};

// The tensors `name`.weight [outputs, inputs] and `name`.bias.
Affine read_affine(const TensorSource& source, const std::string& name, std::int64_t outputs,
                   std::int64_t inputs);

// Scale and shift of a normalisation.
struct Norm {
  Floats scale, shift;
};
Norm read_norm(const TensorSource& source, const std::string& name);

}  // namespace fastformer::runtime
