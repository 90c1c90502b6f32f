// Safetensors files of states.
#include "learn/training/checkpoint.h"

#include <fastformer/error.h>

#include <cstring>
#include <optional>

#include "io/files.h"
#include "model/safetensors.h"
#include "model/seal.h"

namespace fastformer::learn {
namespace {

constexpr char kBeginAnew[] = "Remove the folder that it is in and begin anew";

constexpr std::pair<at::ScalarType, const char*> kTypes[] = {
    {at::kFloat, "F32"}, {at::kDouble, "F64"}, {at::kLong, "I64"}};

const char* name_of(at::ScalarType type) {
  for (const auto& [known, name] : kTypes) {
    if (known == type) return name;
  }
  throw Error("a tensor of type " + std::string(at::toString(type)) + " in a state");
}

std::optional<at::ScalarType> type_named(const std::string& name) {
  for (const auto& [type, known] : kTypes) {
    if (known == name) return type;
  }
  return {};
}

}  // namespace

Checkpoint::Checkpoint() = default;
Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

Checkpoint::Checkpoint(const std::string& path) {
  try {
    file_ = std::make_unique<model::SafetensorsFile>(path);
    model::check_seal(*file_);
  } catch (const Error& error) {
    throw Error(error.what(), "", kBeginAnew);
  }
  texts_ = file_->metadata();
}

void Checkpoint::put(const std::string& name, const at::Tensor& tensor) {
  tensors_.emplace_back(name, tensor.detach().cpu().contiguous());
}

void Checkpoint::put(const std::string& name, std::int64_t number) {
  put(name, at::full({1}, number, at::kLong));
}

void Checkpoint::put(const std::string& name, double number) {
  put(name, at::full({1}, number, at::kDouble));
}

void Checkpoint::put_text(const std::string& name, std::string text) {
  texts_[name] = std::move(text);
}

void Checkpoint::add(const Checkpoint& other) {
  tensors_.insert(tensors_.end(), other.tensors_.begin(), other.tensors_.end());
  texts_.insert(other.texts_.begin(), other.texts_.end());
}

void Checkpoint::write(const std::string& path) const {
  std::vector<model::NamedTensor> named;
  for (const auto& [name, tensor] : tensors_) {
    named.push_back({name,
                     name_of(tensor.scalar_type()),
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  const std::string next = path + kNextSuffix;
  model::write_sealed_safetensors(next, named, texts_);
  io::rename_durably(next, path);
}

bool Checkpoint::contains(const std::string& name) const { return file_ && file_->contains(name); }

at::Tensor Checkpoint::tensor(const std::string& name) const {
  if (!contains(name)) fail("has no \"" + name + "\"");
  const model::TensorView& view = file_->tensor(name);
  const std::optional<at::ScalarType> type = type_named(view.dtype);
  if (!type) fail("\"" + name + "\" has the type " + view.dtype);
  at::Tensor tensor = at::empty(view.shape, *type);
  if (!view.bytes.empty()) {
    std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
  }
  return tensor;
}

void Checkpoint::copy_into(const std::string& name, const at::Tensor& to) const {
  const at::Tensor from = tensor(name);
  if (from.sizes() != to.sizes() || from.scalar_type() != to.scalar_type()) {
    fail("\"" + name + "\" has another shape or type");
  }
  const at::NoGradGuard no_gradients;
  to.detach().copy_(from);
}

std::vector<float> Checkpoint::floats(const std::string& name) const {
  const at::Tensor found = tensor(name);
  if (found.scalar_type() != at::kFloat) fail("\"" + name + "\" has another type");
  const float* values = found.const_data_ptr<float>();
  return {values, values + found.numel()};
}

std::int64_t Checkpoint::integer(const std::string& name) const {
  const at::Tensor found = tensor(name);
  if (found.scalar_type() != at::kLong || found.numel() != 1) fail("\"" + name + "\" is no number");
  return found.item<std::int64_t>();
}

double Checkpoint::number(const std::string& name) const {
  const at::Tensor found = tensor(name);
  if (found.scalar_type() != at::kDouble || found.numel() != 1) {
    fail("\"" + name + "\" is no number");
  }
  return found.item<double>();
}

std::string Checkpoint::text(const std::string& name) const {
  const auto found = texts_.find(name);
  return found == texts_.end() ? "" : found->second;
}

void Checkpoint::require(bool holds, const std::string& what) const {
  if (!holds) fail(what);
}

void Checkpoint::fail(const std::string& what) const {
  throw Error("the state " + what + ": it is damaged, or not one of this run",
              file_ ? file_->path() : "", kBeginAnew);
}

}  // namespace fastformer::learn
