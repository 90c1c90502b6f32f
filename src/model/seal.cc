// Seals over tensors in the order of their names, wherever they lie in the file.
#include "model/seal.h"

#include <fastformer/error.h>

#include <algorithm>
#include <string_view>

#include "base/digest.h"

namespace fastformer::model {
namespace {

using Metadata = std::map<std::string, std::string>;

constexpr std::size_t kReleased = std::size_t{32} << 20;  // bytes read before memory is let go
constexpr std::size_t kTogether = std::size_t{2} << 20;   // bytes that are brought in at once
constexpr std::size_t kWorthACall = std::size_t{1} << 17;

void add_text(std::string_view text, Digest& digest) {
  const std::uint64_t length = text.size();
  digest.add_values(std::span(&length, 1));
  digest.add(text);
}

void add_metadata(const Metadata& metadata, Digest& digest) {
  for (const auto& [key, value] : metadata) {
    if (key == kSealKey) continue;
    add_text(key, digest);
    add_text(value, digest);
  }
}

void add_head(std::string_view name, const std::string& dtype, std::span<const std::int64_t> shape,
              Digest& digest) {
  add_text(name, digest);
  add_text(dtype, digest);
  add_text(shape_text(shape), digest);
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string seal_of(std::span<const NamedTensor> tensors, const Metadata& metadata) {
  std::map<std::string_view, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  Digest digest;
  add_metadata(metadata, digest);
  for (const auto& [name, tensor] : by_name) {
    add_head(name, tensor->dtype, tensor->shape, digest);
    digest.add(text_of(tensor->bytes));
  }
  return digest.hex();
}

// A file may be larger than what the model needs of it in memory.
std::string seal_of(const SafetensorsFile& file) {
  std::map<std::string_view, const TensorView*> by_name;
  for (const std::string& name : file.names()) by_name[name] = &file.tensor(name);
  Digest digest;
  add_metadata(file.metadata(), digest);
  std::size_t read = 0;
  for (const auto& [name, tensor] : by_name) {
    add_head(name, tensor->dtype, tensor->shape, digest);
    for (std::span<const std::byte> rest = tensor->bytes; !rest.empty();) {
      const std::span<const std::byte> part =
          rest.first(std::min({rest.size(), kTogether, kReleased - read}));
      if (part.size() >= kWorthACall) file.bring_in(part);
      digest.add(text_of(part));
      rest = rest.subspan(part.size());
      read += part.size();
      if (read < kReleased) continue;
      file.release();
      read = 0;
    }
  }
  return digest.hex();
}

}  // namespace

void write_sealed_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                              Metadata metadata) {
  metadata[kSealKey] = seal_of(tensors, metadata);
  write_safetensors(path, tensors, metadata);
}

void check_seal(const SafetensorsFile& file, const std::string& advice) {
  const auto seal = file.metadata().find(kSealKey);
  if (seal == file.metadata().end() || seal->second == seal_of(file)) return;
  throw Error("is damaged: its numbers are not those that were written", file.path(), advice);
}

}  // namespace fastformer::model
