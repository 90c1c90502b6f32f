// Creation, lookup and copies of a model's tensors.
#include "learn/parameters.h"

#include <fastformer/error.h>

#include <utility>

#include "base/random.h"
#include "learn/ops/product.h"
#include "learn/torch_threads.h"

namespace fastformer::learn {
namespace {

at::Tensor initial_values(const model::TensorSpec& spec, std::uint64_t seed) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble);
  if (spec.initial == model::Initial::kZero) return at::zeros(spec.shape, options);
  if (spec.initial == model::Initial::kOne) return at::ones(spec.shape, options);
  at::Tensor values = at::empty(spec.shape, options);
  double* data = values.mutable_data_ptr<double>();
  torch_parallel_for()(values.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    Random random(hash_of(spec.name, seed), 2 * static_cast<std::uint64_t>(begin));
    for (std::int64_t i = begin; i < end; ++i) data[i] = spec.deviation * random.normal();
  });
  return values;
}

}  // namespace

at::Tensor fresh_tensor(const model::TensorSpec& spec, std::uint64_t seed, at::ScalarType type,
                        at::Device device) {
  return initial_values(spec, seed).to(device, type).contiguous().set_requires_grad(true);
}

Parameters::Parameters(const std::vector<model::TensorSpec>& schema, std::uint64_t seed,
                       at::ScalarType type, at::Device device)
    : Parameters(
          schema, [seed](const model::TensorSpec& spec) { return initial_values(spec, seed); },
          type, device) {}

Parameters::Parameters(const std::vector<model::TensorSpec>& schema,
                       const std::function<at::Tensor(const model::TensorSpec&)>& values_of,
                       at::ScalarType type, at::Device device) {
  for (const model::TensorSpec& spec : schema) {
    add(spec.name, values_of(spec).to(device, type).contiguous().set_requires_grad(true));
  }
}

const at::Tensor& Parameters::at(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  if (found == index_.end()) throw Error("the model has no tensor " + std::string(name));
  return tensors_[found->second];
}

bool Parameters::contains(std::string_view name) const {
  return index_.count(std::string(name)) > 0;
}

std::int64_t Parameters::elements() const {
  std::int64_t sum = 0;
  for (const at::Tensor& tensor : tensors_) sum += tensor.numel();
  return sum;
}

void Parameters::set(std::string_view name, const at::Tensor& values) {
  const at::NoGradGuard no_gradients;
  const at::Tensor& tensor = at(name);
  if (tensor.sizes() != values.sizes()) {
    throw Error("has another shape than the model's", std::string(name));
  }
  tensor.copy_(values);
}

std::vector<at::Tensor> Parameters::snapshot() const {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : tensors_) copies.push_back(tensor.detach().clone());
  return copies;
}

void Parameters::restore(const std::vector<at::Tensor>& values) {
  for (std::size_t i = 0; i < names_.size(); ++i) set(names_[i], values.at(i));
}

void Parameters::clear_gradients() {
  for (const at::Tensor& tensor : tensors_) tensor.mutable_grad().reset();
}

void Parameters::merge_gradient_rows() {
  for (const at::Tensor& tensor : tensors_) {
    at::Tensor& gradient = tensor.mutable_grad();
    if (gradient.defined() && gradient.is_sparse()) gradient = gradient.coalesce();
  }
}

void Parameters::add(std::string name, at::Tensor tensor) {
  index_.emplace(name, names_.size());
  names_.push_back(std::move(name));
  tensors_.push_back(std::move(tensor));
}

void Parameters::remove(std::string_view name) {
  const auto found = index_.find(std::string(name));
  if (found == index_.end()) throw Error("the model has no tensor " + std::string(name));
  const auto place = static_cast<std::ptrdiff_t>(found->second);
  names_.erase(names_.begin() + place);
  tensors_.erase(tensors_.begin() + place);
  index_.clear();
  for (std::size_t i = 0; i < names_.size(); ++i) index_.emplace(names_[i], i);
}

const at::Tensor& Scope::operator[](std::string_view name) const {
  return parameters_->at(prefix_ + std::string(name));
}

bool Scope::contains(std::string_view name) const {
  return parameters_->contains(prefix_ + std::string(name));
}

Scope Scope::inside(std::string_view name) const {
  return Scope(*parameters_, prefix_ + std::string(name));
}

at::Tensor linear(const at::Tensor& inputs, const Scope& scope, std::string_view name) {
  return linear_in(scope.products(), inputs, scope[std::string(name) + ".weight"],
                   scope[std::string(name) + ".bias"]);
}

}  // namespace fastformer::learn
