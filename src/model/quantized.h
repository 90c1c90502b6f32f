// Weights in whole numbers of 8 bits with a scale for each row: what a quantized model stores.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/safetensors.h"

namespace fastformer::model {

// The name of the scales that belong to the tensor `name`.
std::string scale_name(const std::string& name);

// A matrix [rows, columns]: element (r, c) is numbers[r, c] * scales[r].
struct ByteMatrix {
  std::vector<std::int64_t> shape;
  std::vector<std::int8_t> numbers;
  std::vector<float> scales;

  // For writing, under `name`; valid as long as the matrix.
  NamedTensor number_tensor(const std::string& name) const;
  NamedTensor scale_tensor(const std::string& name) const;
};

// Rounds finite `values` to nearest; a row's largest magnitude becomes 127.
ByteMatrix quantize(std::span<const float> values, std::vector<std::int64_t> shape);

// The numbers of the tensor `name` and its scales, which have been checked to fit each other,
// multiplied.
std::vector<float> dequantized(const SafetensorsFile& file, const std::string& name);

// Throws an Error that names the file for scales that are not finite or are below 0.
void check_scales(const SafetensorsFile& file, const std::string& name);

}  // namespace fastformer::model
