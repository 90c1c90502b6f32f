// Conversion between the wide branch's table and its tensors.
#include "model/wide_tensors.h"

#include <fastformer/error.h>

#include <cstring>
#include <utility>

#include "kernels/clones.h"

namespace fastformer::model {
namespace {

enum class Sign { kAny, kNotNegative };

// Whether all are finite, and 0 or above if asked; by their bits, so that it is a loop without a
// branch: exponents of 255 are those of what is not finite.
FASTFORMER_CLONES
bool are_good(const std::byte* numbers, std::size_t count, bool may_be_negative) {
  constexpr std::uint32_t kLargest = 0x7f7fffff, kMinusZero = 0x80000000;
  std::uint32_t bad = 0;
  const std::uint32_t ignored = may_be_negative ? kMinusZero : 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, numbers + i * sizeof(bits), sizeof(bits));
    bad |= static_cast<std::uint32_t>((bits & ~ignored) > kLargest && bits != kMinusZero);
  }
  return bad == 0;
}

// A tensor of 32-bit floats where it lies, after a look at each of them.
NumberView<float> checked_floats(const SafetensorsFile& file, const char* name, Sign sign) {
  const NumberView<float> values(file.tensor(name).bytes);
  const bool is_signed = sign == Sign::kAny;
  if (are_good(values.bytes().data(), values.size(), is_signed)) return values;
  throw Error("tensor \"" + std::string(name) + "\" holds a number that is not finite" +
                  (is_signed ? "" : " or is below 0"),
              file.path());
}

NamedTensor view_of(const char* name, const char* dtype, std::vector<std::int64_t> shape,
                    std::span<const std::byte> bytes) {
  return {name, dtype, std::move(shape), bytes};
}

}  // namespace

WideTable wide_table_of(const SafetensorsFile& file, const ModelConfig& config) {
  const NumberView<std::uint32_t> buckets(file.tensor("wide.bucket").bytes);
  const NumberView<std::int8_t> weights(file.tensor("wide.weight").bytes);
  const NumberView<float> idf = checked_floats(file, "wide.idf", Sign::kNotNegative);
  const NumberView<float> spread = checked_floats(file, "wide.spread", Sign::kNotNegative);
  const NumberView<float> scales = checked_floats(file, "wide.scale", Sign::kNotNegative);
  checked_floats(file, "wide.bias", Sign::kAny);
  try {
    FeatureScaler scaler(config.wide.ngrams, buckets, idf, spread);
    return {std::move(scaler), weights, scales, file.floats("wide.bias")};
  } catch (const Error& error) {
    throw Error(error.what(), file.path());
  }
}

void append_tensors(const WideTable& table, std::vector<NamedTensor>& tensors) {
  const FeatureScaler& scaler = table.scaler();
  const auto features = static_cast<std::int64_t>(scaler.features());
  const auto columns = static_cast<std::int64_t>(table.columns());
  tensors.push_back(view_of("wide.bucket", "I32", {features}, scaler.buckets().bytes()));
  tensors.push_back(view_of("wide.idf", "F32", {features}, scaler.idf().bytes()));
  tensors.push_back(view_of("wide.spread", "F32", {features}, scaler.spread().bytes()));
  tensors.push_back(view_of("wide.weight", "I8", {features, columns}, table.weights().bytes()));
  tensors.push_back(view_of("wide.scale", "F32", {features}, table.weight_scales().bytes()));
  tensors.push_back(view_of("wide.bias", "F32", {columns}, std::as_bytes(std::span(table.bias()))));
}

}  // namespace fastformer::model
