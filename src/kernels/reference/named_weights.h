// Finds a classifier's weights by the names that a model folder gives to its tensors.
#pragma once

#include <functional>
#include <string>

#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

// A tensor's elements, row by row, by a name such as "encoder.layer.0.attention.query.weight";
// nullptr when there is none. They must outlive the weights.
template <typename T>
using TensorByName = std::function<const T*(const std::string& name)>;

// Asks for exactly the tensors that the architecture has (listed in model/schema.h); the store
// answers for their sizes. Throws an Error for a missing tensor and when heads do not divide width.
template <typename T>
ClassifierWeights<T> classifier_weights(const Architecture& architecture,
                                        const TensorByName<T>& tensor);

// The part of one layer, whose names begin with `prefix` ("encoder.layer.0.").
template <typename T>
LayerWeights<T> layer_weights(const Architecture& architecture, const std::string& prefix,
                              const TensorByName<T>& tensor);

}  // namespace fastformer::kernels::reference
