// What the reader and the writer of safetensors files both know of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fastformer::model {

inline constexpr std::size_t kLengthBytes = 8;              // of the header's length
inline constexpr std::uint64_t kHeaderLimit = 100'000'000;  // bytes, as the format says
inline constexpr const char* kMetadataKey = "__metadata__";

// Bytes of one element, or nothing when the dtype is not known.
std::optional<std::uint64_t> element_bytes(std::string_view dtype);

// Bytes of a tensor, or nothing when a size is negative or the product overflows.
std::optional<std::uint64_t> tensor_bytes(std::span<const std::int64_t> shape,
                                          std::uint64_t element);

}  // namespace fastformer::model
