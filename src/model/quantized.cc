// Rounding of matrices, and reading of what was rounded.
#include "model/quantized.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace fastformer::model {

std::string scale_name(const std::string& name) { return name + "_scale"; }

NamedTensor ByteMatrix::number_tensor(const std::string& name) const {
  return {name, "I8", shape, std::as_bytes(std::span(numbers))};
}

NamedTensor ByteMatrix::scale_tensor(const std::string& name) const {
  return named_tensor(scale_name(name), {shape[0]}, scales);
}

ByteMatrix quantize(std::span<const float> values, std::vector<std::int64_t> shape) {
  ByteMatrix matrix{std::move(shape), std::vector<std::int8_t>(values.size()), {}};
  const auto columns = static_cast<std::size_t>(matrix.shape[1]);
  for (std::size_t begin = 0; begin < values.size(); begin += columns) {
    const std::span<const float> row = values.subspan(begin, columns);
    float largest = 0;
    for (const float value : row) largest = std::max(largest, std::abs(value));
    // What is below would make a scale that is no normal number.
    if (largest < 1e-35F) largest = 0;
    matrix.scales.push_back(largest / 127);
    for (std::size_t c = 0; c < columns && largest > 0; ++c) {
      matrix.numbers[begin + c] =
          static_cast<std::int8_t>(std::lround(row[c] / matrix.scales.back()));
    }
  }
  return matrix;
}

std::vector<float> dequantized(const SafetensorsFile& file, const std::string& name) {
  const TensorView& numbers = file.tensor(name);
  const std::vector<float> scales = file.floats(scale_name(name));
  const auto columns = static_cast<std::size_t>(numbers.shape[1]);
  std::vector<float> values;
  values.reserve(numbers.bytes.size());
  for (std::size_t r = 0; r < scales.size(); ++r) {
    for (const std::byte number : numbers.bytes.subspan(r * columns, columns)) {
      values.push_back(static_cast<float>(static_cast<std::int8_t>(number)) * scales[r]);
    }
  }
  return values;
}

void check_scales(const SafetensorsFile& file, const std::string& name) {
  for (const float scale : file.floats(scale_name(name))) {
    if (std::isfinite(scale) && scale >= 0) continue;
    throw Error(
        "tensor \"" + scale_name(name) + "\" holds a number that is not finite or is below 0",
        file.path());
  }
}

}  // namespace fastformer::model
