// JSON from files that nobody vouches for: bounded in depth and size, without repeated keys.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

namespace fastformer::config {

// What a JSON text may hold before it is refused.
struct JsonLimits {
  int depth = 64;                // arrays and objects inside each other
  std::size_t keys = 1 << 14;    // of all objects together
  std::size_t values = 1 << 22;  // numbers, strings, true, false, null
};

// Parses one whole JSON value, keys sorted (Value = nlohmann::json) or as written (Json).
// Throws an Error that starts with `where` on anything that is not JSON in UTF-8, on a key that
// appears twice in an object, and beyond the limits.
template <typename Value>
Value parse_json(std::string_view text, const std::string& where, const JsonLimits& limits = {});

extern template nlohmann::json parse_json(std::string_view, const std::string&, const JsonLimits&);
extern template Json parse_json(std::string_view, const std::string&, const JsonLimits&);

// Empties an object or array of what parse_json made without taking memory. nlohmann's destructor
// takes some for whatever is nested, and where there is none left that ends the program.
template <typename Value>
void dismantle(Value& value) noexcept;

extern template void dismantle(nlohmann::json&) noexcept;
extern template void dismantle(Json&) noexcept;

// Dismantles a value that is declared before it at the end of the scope.
template <typename Value>
class Dismantled {
 public:
  explicit Dismantled(Value& value) : value_(value) {}
  ~Dismantled() { dismantle(value_); }
  Dismantled(const Dismantled&) = delete;
  Dismantled& operator=(const Dismantled&) = delete;

 private:
  Value& value_;
};

// Readable text with a line break at the end. Bytes of strings that are not UTF-8 become U+FFFD.
std::string json_text(const Json& value);

// Throws an Error that starts with `where` when `value` is no object, or has a key that is not in
// `known`; the nearest known key is named.
void check_keys(const Json& value, const std::vector<std::string>& known, const std::string& where);

}  // namespace fastformer::config
