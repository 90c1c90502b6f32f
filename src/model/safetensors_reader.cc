// Parses the header of a safetensors file without trusting any of it.
#include <fastformer/error.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "base/strings.h"
#include "config/json_text.h"
#include "model/safetensors.h"
#include "model/safetensors_format.h"

namespace fastformer::model {
namespace {

constexpr char kCopyAnew[] = "Copy the file anew from where it came from";

using SortedJson = nlohmann::json;

struct Entry {
  std::string name;
  TensorView view;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}

  SafetensorsContent parse() {
    const std::string_view header = header_text();
    const std::span<const std::byte> data = bytes_.subspan(kLengthBytes + header.size());
    // Three levels: the header, a tensor, a list of numbers. Files of a few million keys are real.
    SortedJson parsed = config::parse_json<SortedJson>(
        header, where_ + ": header", {.depth = 3, .keys = 1 << 24, .values = 1 << 24});
    const config::Dismantled<SortedJson> guard(parsed);
    const SortedJson& json = parsed;
    if (!json.is_object()) throw Error("the header is not a JSON object", where_);
    SafetensorsContent content;
    std::vector<Entry> entries;
    for (const auto& [name, value] : json.items()) {
      if (name == kMetadataKey) {
        content.metadata = metadata_of(value);
      } else {
        entries.push_back(entry_of(name, value));
      }
    }
    place(entries, data);
    for (Entry& entry : entries) {
      content.names.push_back(entry.name);
      content.tensors.emplace(std::move(entry.name), std::move(entry.view));
    }
    return content;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw Error("tensor \"" + printable(name) + "\" " + what, where_, kCopyAnew);
  }

  std::string_view header_text() const {
    std::uint64_t length = 0;
    if (bytes_.size() < kLengthBytes) {
      throw Error("is too short to be a safetensors file", where_, kCopyAnew);
    }
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kHeaderLimit || length > bytes_.size() - kLengthBytes) {
      throw Error("is not a safetensors file or was cut: its header would take " +
                      std::to_string(length) + " bytes",
                  where_, kCopyAnew);
    }
    return {reinterpret_cast<const char*>(bytes_.data()) + kLengthBytes,
            static_cast<std::size_t>(length)};
  }

  std::map<std::string, std::string> metadata_of(const SortedJson& json) const {
    if (!json.is_object()) throw Error("the metadata are not a JSON object", where_);
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : json.items()) {
      if (!value.is_string()) {
        throw Error("the metadata's \"" + printable(key) + "\" is not a string", where_);
      }
      metadata[key] = value.get<std::string>();
    }
    return metadata;
  }

  // Whole numbers in [0, 2^63) only.
  std::vector<std::int64_t> sizes_of(const std::string& name, const SortedJson& json,
                                     const char* what) const {
    if (!json.is_array()) fail(name, std::string("has no list of numbers as its ") + what);
    std::vector<std::int64_t> sizes;
    for (const SortedJson& size : json) {
      constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() > kMost) {
        fail(name, std::string("has something else than sizes in its ") + what);
      }
      sizes.push_back(size.get<std::int64_t>());
    }
    return sizes;
  }

  Entry entry_of(const std::string& name, const SortedJson& json) const {
    const bool complete = json.is_object() && json.size() == 3 && json.contains("dtype") &&
                          json.contains("shape") && json.contains("data_offsets");
    if (!complete) fail(name, "does not have exactly dtype, shape and data_offsets");
    if (!json["dtype"].is_string()) fail(name, "has a dtype that is not a string");
    Entry entry;
    entry.name = name;
    entry.view.dtype = json["dtype"].get<std::string>();
    const auto element = element_bytes(entry.view.dtype);
    if (!element) fail(name, "has the unknown dtype \"" + printable(entry.view.dtype) + "\"");
    entry.view.shape = sizes_of(name, json["shape"], "shape");
    const auto offsets = sizes_of(name, json["data_offsets"], "data_offsets");
    if (offsets.size() != 2 || offsets[1] < offsets[0]) {
      fail(name, "does not have a begin and an end as its data_offsets");
    }
    entry.begin = static_cast<std::uint64_t>(offsets[0]);
    entry.end = static_cast<std::uint64_t>(offsets[1]);
    if (tensor_bytes(entry.view.shape, *element) != entry.end - entry.begin) {
      fail(name, "of shape " + printable(shape_text(entry.view.shape)) + " and dtype " +
                     entry.view.dtype + " does not fill its " +
                     std::to_string(entry.end - entry.begin) + " bytes");
    }
    return entry;
  }

  // Sorts by place and checks that the tensors cover the data without gap or overlap.
  void place(std::vector<Entry>& entries, std::span<const std::byte> data) const {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    std::uint64_t filled = 0;
    for (Entry& entry : entries) {
      if (entry.begin != filled) fail(entry.name, "overlaps another tensor or follows a gap");
      if (entry.end > data.size()) fail(entry.name, "goes past the end of the file");
      entry.view.bytes = data.subspan(entry.begin, entry.end - entry.begin);
      filled = entry.end;
    }
    if (filled != data.size()) {
      throw Error(std::to_string(data.size() - filled) + " bytes after the last tensor", where_,
                  kCopyAnew);
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
};

}  // namespace

std::optional<std::uint64_t> element_bytes(std::string_view dtype) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 15> kSizes = {{{"BOOL", 1},
                                                                                  {"U8", 1},
                                                                                  {"I8", 1},
                                                                                  {"F8_E5M2", 1},
                                                                                  {"F8_E4M3", 1},
                                                                                  {"I16", 2},
                                                                                  {"U16", 2},
                                                                                  {"F16", 2},
                                                                                  {"BF16", 2},
                                                                                  {"I32", 4},
                                                                                  {"U32", 4},
                                                                                  {"F32", 4},
                                                                                  {"F64", 8},
                                                                                  {"I64", 8},
                                                                                  {"U64", 8}}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> tensor_bytes(std::span<const std::int64_t> shape,
                                          std::uint64_t element) {
  std::uint64_t bytes = element;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      return std::nullopt;
    }
  }
  return bytes;
}

SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  return Parser(bytes, where).parse();
}

}  // namespace fastformer::model
