// Typed access to the tensors of a mapped file.
#include "model/safetensors.h"

#include <fastformer/error.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>

#include "base/strings.h"

namespace fastformer::model {
namespace {

static_assert(std::endian::native == std::endian::little,
              "tensor bytes are little-endian and are read as they stand");

template <typename T>
T load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.
float from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  }
  return bits & 0x8000 ? -magnitude : magnitude;
}

template <typename To, typename From, typename Convert>
std::vector<To> converted(const TensorView& tensor, const Convert& convert) {
  std::vector<To> values(tensor.bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = convert(load<From>(tensor.bytes.data() + i * sizeof(From)));
  }
  return values;
}

// Bytes of elements that have the type T already.
template <typename T>
std::vector<T> copied(const TensorView& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
  return values;
}

template <typename T>
NamedTensor named(std::string name, const char* dtype, std::vector<std::int64_t> shape,
                  std::span<const T> values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(values)};
}

}  // namespace

std::int64_t elements_of(std::span<const std::int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + join(sizes, ", ") + "]";
}

bool is_float_dtype(std::string_view dtype) {
  return dtype == "F64" || dtype == "F32" || dtype == "F16" || dtype == "BF16";
}

std::int64_t TensorView::elements() const { return elements_of(shape); }

SafetensorsFile::SafetensorsFile(const std::string& path)
    : path_(path), file_(path), content_(parse_safetensors(file_.bytes(), path)) {}

void SafetensorsFile::fail(std::string_view name, const std::string& what) const {
  throw Error("tensor \"" + printable(name) + "\" " + what, path_);
}

const TensorView& SafetensorsFile::tensor(std::string_view name) const {
  const auto at = content_.tensors.find(name);
  if (at != content_.tensors.end()) return at->second;
  const auto near = nearest(name, content_.names);
  throw Error("there is no tensor \"" + printable(name) + "\"", path_,
              near ? "The nearest name in it is \"" + printable(*near) + "\"" : "");
}

std::vector<float> SafetensorsFile::floats(std::string_view name) const {
  const TensorView& view = tensor(name);
  if (view.dtype == "F32") return copied<float>(view);
  if (view.dtype == "F16") return converted<float, std::uint16_t>(view, from_half);
  if (view.dtype == "BF16") return converted<float, std::uint16_t>(view, from_bfloat16);
  if (view.dtype != "F64") fail(name, "holds " + view.dtype + ", not floating-point numbers");
  return converted<float, double>(view, [&](double value) {
    if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max()) {
      fail(name, "holds " + format_double(value) + ", too large for 32 bits");
    }
    return static_cast<float>(value);
  });
}

std::vector<double> SafetensorsFile::doubles(std::string_view name) const {
  if (tensor(name).dtype == "F64") return copied<double>(tensor(name));
  const std::vector<float> values = floats(name);
  return {values.begin(), values.end()};
}

std::vector<std::int64_t> SafetensorsFile::integers(std::string_view name) const {
  const TensorView& view = tensor(name);
  if (view.dtype == "I64") return copied<std::int64_t>(view);
  if (view.dtype != "I32") fail(name, "holds " + view.dtype + ", not I64 or I32");
  return converted<std::int64_t, std::int32_t>(view, [](std::int32_t value) { return value; });
}

NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const float> values) {
  return named(std::move(name), "F32", std::move(shape), values);
}
NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const double> values) {
  return named(std::move(name), "F64", std::move(shape), values);
}
NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const std::int64_t> values) {
  return named(std::move(name), "I64", std::move(shape), values);
}

}  // namespace fastformer::model
