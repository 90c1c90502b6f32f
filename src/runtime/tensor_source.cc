// Reads maps and norms.
#include "runtime/tensor_source.h"

namespace fastformer::runtime {

Affine read_affine(const TensorSource& source, const std::string& name, std::int64_t outputs,
                   std::int64_t inputs) {
  return {Matrix(outputs, inputs, source(name + ".weight")), padded_vector(source(name + ".bias"))};
}

Norm read_norm(const TensorSource& source, const std::string& name) {
  return {padded_vector(source(name + ".weight")), padded_vector(source(name + ".bias"))};
}

}  // namespace fastformer::runtime
