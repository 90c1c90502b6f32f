// The named tensors of a model, in the order of its schema.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "learn/ops/embedding.h"
#include "learn/precompiled.h"
#include "model/schema.h"

namespace fastformer::learn {

// A tensor as it begins, drawn from hash(seed, name); it requires a gradient.
at::Tensor fresh_tensor(const model::TensorSpec& spec, std::uint64_t seed, at::ScalarType type,
                        at::Device device);

// Learnable tensors by name. Every tensor is a leaf that requires a gradient.
class Parameters {
 public:
  // Fresh tensors as the schema says: a tensor's values do not depend on which other tensors the
  // model has.
  Parameters(const std::vector<model::TensorSpec>& schema, std::uint64_t seed,
             at::ScalarType type = at::kFloat, at::Device device = at::kCPU);

  // With the values that `values_of` gives for each tensor of the schema.
  Parameters(const std::vector<model::TensorSpec>& schema,
             const std::function<at::Tensor(const model::TensorSpec&)>& values_of,
             at::ScalarType type = at::kFloat, at::Device device = at::kCPU);

  // The tensor called `name`; an unknown name is an Error.
  const at::Tensor& at(std::string_view name) const;
  bool contains(std::string_view name) const;

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<at::Tensor>& tensors() const { return tensors_; }
  std::int64_t elements() const;

  // Overwrites a tensor's values; the shapes must agree.
  void set(std::string_view name, const at::Tensor& values);
  // Detached copies of all tensors, and the way back.
  std::vector<at::Tensor> snapshot() const;
  void restore(const std::vector<at::Tensor>& values);
  void clear_gradients();
  // Gives the gradient of a table that was read more than once each row once.
  void merge_gradient_rows();

  // The type in which products with these tensors are taken: kBFloat16, or anything else for the
  // tensors' own.
  at::ScalarType products() const { return products_; }
  void set_products(at::ScalarType products) { products_ = products; }

  // What lookups in embedding tables give these as gradients.
  TableGradient table_gradient() const { return table_gradient_; }
  void set_table_gradient(TableGradient gradient) { table_gradient_ = gradient; }

  // A further tensor, last in order, for as long as training needs it, and its end.
  void add(std::string name, at::Tensor tensor);
  void remove(std::string_view name);

 private:
  std::vector<std::string> names_;
  std::vector<at::Tensor> tensors_;
  std::unordered_map<std::string, std::size_t> index_;
  at::ScalarType products_ = at::kFloat;
  TableGradient table_gradient_ = TableGradient::kRows;
};

// The tensors whose names begin with a prefix, seen without it.
class Scope {
 public:
  Scope(const Parameters& parameters, std::string prefix)
      : parameters_(&parameters), prefix_(std::move(prefix)) {}

  const at::Tensor& operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  Scope inside(std::string_view name) const;
  // All tensors of the model.
  Scope whole() const { return Scope(*parameters_, ""); }
  const std::string& prefix() const { return prefix_; }
  at::ScalarType products() const { return parameters_->products(); }

 private:
  const Parameters* parameters_;
  std::string prefix_;
};

// inputs [rows, in] times weight [out, in] plus bias, from `name`.weight and `name`.bias; in the
// parameters' type of products.
at::Tensor linear(const at::Tensor& inputs, const Scope& scope, std::string_view name);

}  // namespace fastformer::learn
