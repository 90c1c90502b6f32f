// Names of characters in HTML.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fastformer::text {

inline constexpr std::size_t kLongestEntity = 8;  // bytes of the longest name

// The code point of "amp", "nbsp", "eacute", ... (names are case-sensitive), or -1.
std::int32_t entity_code_point(std::string_view name);

}  // namespace fastformer::text
