// Writes safetensors files.
#include <fastformer/error.h>

#include <cstring>
#include <set>

#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"
#include "model/safetensors.h"
#include "model/safetensors_format.h"

namespace fastformer::model {
namespace {

constexpr std::size_t kAlignment = 64;                        // of the first tensor; a cache line
constexpr std::size_t kGatheredBytes = std::size_t{1} << 18;  // small tensors share a write

void check(std::span<const NamedTensor> tensors, const std::string& path) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    const std::string called = "tensor \"" + printable(tensor.name) + "\" ";
    if (!names.insert(tensor.name).second) throw Error(called + "appears twice", path);
    if (tensor.name == kMetadataKey) throw Error(called + "has the metadata's name", path);
    const auto element = element_bytes(tensor.dtype);
    if (!element || tensor_bytes(tensor.shape, *element) != tensor.bytes.size()) {
      throw Error(called + "of shape " + shape_text(tensor.shape) + " and dtype " + tensor.dtype +
                      " does not fill its " + std::to_string(tensor.bytes.size()) + " bytes",
                  path);
    }
  }
}

// Header length and header, padded with blanks so that the data begin aligned.
std::string head_of(std::span<const NamedTensor> tensors,
                    const std::map<std::string, std::string>& metadata) {
  config::Json header = config::Json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  std::uint64_t begin = 0;
  std::string text = header.dump();
  text.pop_back();
  for (const NamedTensor& tensor : tensors) {
    const std::uint64_t end = begin + tensor.bytes.size();
    if (text.size() > 1) text += ",";
    text += config::Json(tensor.name).dump() + ":";
    text +=
        config::Json{
            {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}}
            .dump();
    begin = end;
  }
  text += "}";
  const std::size_t beyond = (kLengthBytes + text.size()) % kAlignment;
  if (beyond != 0) text.append(kAlignment - beyond, ' ');
  const std::uint64_t length = text.size();
  std::string head(kLengthBytes, '\0');
  std::memcpy(head.data(), &length, kLengthBytes);
  return head + text;
}

}  // namespace

void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  check(tensors, path);
  std::string gathered;  // and not yet written
  try {
    gathered = head_of(tensors, metadata);
  } catch (const nlohmann::json::exception&) {
    throw Error("a tensor's name or the metadata are not UTF-8", path);
  }
  if (gathered.size() - kLengthBytes > kHeaderLimit)
    throw Error("there are too many tensors", path);
  io::OutputFile file(path);
  for (const NamedTensor& tensor : tensors) {
    const std::string_view bytes(reinterpret_cast<const char*>(tensor.bytes.data()),
                                 tensor.bytes.size());
    if (gathered.size() + bytes.size() > kGatheredBytes) {
      file.write(gathered);
      gathered.clear();
    }
    if (bytes.size() > kGatheredBytes) {
      file.write(bytes);
    } else {
      gathered += bytes;
    }
  }
  file.write(gathered);
  file.sync();
  file.close();
}

}  // namespace fastformer::model
