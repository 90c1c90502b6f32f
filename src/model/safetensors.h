// Tensor files in the safetensors format: an 8-byte header length (little-endian), a JSON header
// naming dtype, shape and place of every tensor, then the tensors' bytes without gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"

namespace fastformer::model {

// A tensor inside someone else's bytes: row-major, little-endian, not necessarily aligned.
struct TensorView {
  std::string dtype;  // "F32", "I64", ...
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;

  std::int64_t elements() const;
};

// The number of elements of a shape that has been checked.
std::int64_t elements_of(std::span<const std::int64_t> shape);
// "[3, 32]".
std::string shape_text(std::span<const std::int64_t> shape);
// Whether the dtype is one of F64, F32, F16, BF16.
bool is_float_dtype(std::string_view dtype);

struct SafetensorsContent {
  std::vector<std::string> names;  // in the order of the bytes
  std::map<std::string, TensorView, std::less<>> tensors;
  std::map<std::string, std::string> metadata;
};

// Checks every size, place, dtype and key before it is used and returns views into `bytes`. Throws
// an Error that starts with `where` and names the tensor.
SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, const std::string& where);

// A mapped and checked file. Views stay valid as long as the object (moving it is fine).
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<std::string>& names() const { return content_.names; }
  const std::map<std::string, std::string>& metadata() const { return content_.metadata; }
  bool contains(std::string_view name) const { return content_.tensors.contains(name); }
  // Lets go of the memory that holds what was read so far; it is read again when it is looked at.
  void release() const { file_.release(); }
  // Has bytes of a tensor that are about to be read in memory at once.
  void bring_in(std::span<const std::byte> bytes) const { file_.bring_in(bytes); }
  // Throws an Error that names file, tensor and the nearest known name.
  const TensorView& tensor(std::string_view name) const;

  // Copies of a tensor's elements. floats and doubles read F64, F32, F16 and BF16, integers read
  // I64 and I32; another dtype is an Error, as is a finite F64 value too large for a float.
  std::vector<float> floats(std::string_view name) const;
  std::vector<double> doubles(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;

 private:
  [[noreturn]] void fail(std::string_view name, const std::string& what) const;

  std::string path_;
  io::MappedFile file_;
  SafetensorsContent content_;
};

// A tensor to write; name and bytes belong to it or to the caller as the types say.
struct NamedTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

// F32, F64 or I64 by the type of the values, which the caller keeps alive.
NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const float> values);
NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const double> values);
NamedTensor named_tensor(std::string name, std::vector<std::int64_t> shape,
                         std::span<const std::int64_t> values);

// Writes and syncs a file; the same input gives the same bytes. Tensors stand in the given order,
// the first at a multiple of 64 bytes. Throws an Error on a name that appears twice or is
// "__metadata__", and on bytes that do not fit dtype and shape. Not atomic: write to a working
// folder or rename afterwards.
void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace fastformer::model
