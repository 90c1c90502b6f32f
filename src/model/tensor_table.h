// The list of a model's tensors as it is put together.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fastformer::model {

enum class Initial { kNormal, kZero, kOne };  // kNormal: mean 0

inline constexpr double kInitialDeviation = 0.02;  // initializer_range of the authors' code

struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  Initial initial;
  double deviation = kInitialDeviation;  // of kNormal

  std::int64_t elements() const;
};

// Collects specifications; a linear map has a weight [outputs, inputs] and a bias [outputs].
class TensorTable {
 public:
  void weight(const std::string& name, std::vector<std::int64_t> shape,
              double deviation = kInitialDeviation) {
    specs_.push_back({name + ".weight", std::move(shape), Initial::kNormal, deviation});
  }
  void bias(const std::string& name, std::int64_t elements) {
    specs_.push_back({name + ".bias", {elements}, Initial::kZero});
  }
  void linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
    weight(name, {outputs, inputs});
    bias(name, outputs);
  }
  void convolution(const std::string& name, std::int64_t taps, std::int64_t width) {
    weight(name, {taps, width});
    bias(name, width);
  }
  void norm(const std::string& name, std::int64_t width) {
    specs_.push_back({name + ".weight", {width}, Initial::kOne});
    bias(name, width);
  }
  // The square maps that attention by dot products begins with, their names after `prefix`.
  void query_key_value(const std::string& prefix, std::int64_t width) {
    for (const char* name : {"query", "key", "value"}) linear(prefix + name, width, width);
  }
  std::vector<TensorSpec> take() { return std::move(specs_); }

 private:
  std::vector<TensorSpec> specs_;
};

}  // namespace fastformer::model
