// Conversion between the wide branch's table and its tensors.
#include "model/wide_tensors.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace fastformer::model {
namespace {

// Finite numbers of a tensor of 32-bit floats, 0 or above if asked.
std::vector<float> checked_floats(const SafetensorsFile& file, const char* name, bool signed_) {
  std::vector<float> values = file.floats(name);
  const bool good = std::all_of(values.begin(), values.end(), [&](float value) {
    return std::isfinite(value) && (signed_ || value >= 0);
  });
  if (!good) {
    throw Error("tensor \"" + std::string(name) + "\" holds a number that is not finite" +
                    (signed_ ? "" : " or is below 0"),
                file.path());
  }
  return values;
}

template <typename T>
NamedTensor view_of(const char* name, const char* dtype, std::vector<std::int64_t> shape,
                    const std::vector<T>& values) {
  return {name, dtype, std::move(shape), std::as_bytes(std::span(values))};
}

}  // namespace

WideTable wide_table_of(const SafetensorsFile& file, const ModelConfig& config) {
  std::vector<std::uint32_t> buckets;
  for (std::int64_t bucket : file.integers("wide.bucket")) {
    buckets.push_back(static_cast<std::uint32_t>(bucket));
  }
  const std::span<const std::byte> bytes = file.tensor("wide.weight").bytes;
  std::vector<std::int8_t> weights(bytes.size());
  if (!bytes.empty()) std::memcpy(weights.data(), bytes.data(), bytes.size());
  std::vector<float> idf = checked_floats(file, "wide.idf", false);
  std::vector<float> spread = checked_floats(file, "wide.spread", false);
  std::vector<float> scales = checked_floats(file, "wide.scale", false);
  std::vector<float> bias = checked_floats(file, "wide.bias", true);
  try {
    FeatureScaler scaler(config.wide.ngrams, std::move(buckets), std::move(idf), std::move(spread));
    return {std::move(scaler), std::move(weights), std::move(scales), std::move(bias)};
  } catch (const Error& error) {
    throw Error(error.what(), file.path());
  }
}

void append_tensors(const WideTable& table, std::vector<NamedTensor>& tensors) {
  const FeatureScaler& scaler = table.scaler();
  const auto features = static_cast<std::int64_t>(scaler.features());
  const auto columns = static_cast<std::int64_t>(table.columns());
  tensors.push_back(view_of("wide.bucket", "I32", {features}, scaler.buckets()));
  tensors.push_back(view_of("wide.idf", "F32", {features}, scaler.idf()));
  tensors.push_back(view_of("wide.spread", "F32", {features}, scaler.spread()));
  tensors.push_back(view_of("wide.weight", "I8", {features, columns}, table.weights()));
  tensors.push_back(view_of("wide.scale", "F32", {features}, table.weight_scales()));
  tensors.push_back(view_of("wide.bias", "F32", {columns}, table.bias()));
}

}  // namespace fastformer::model
