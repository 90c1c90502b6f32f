// The values of some keys of a JSON object that stands on one line.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fastformer::data {

struct JsonValue {
  enum class Kind {
    kMissing,
    kNull,
    kText,    // a string, a number as it is written, or "true" / "false"
    kNested,  // an object or an array
  };
  Kind kind = Kind::kMissing;
  std::string text;
};

// Sets values[i] to the value of the top-level key keys[i]; of equal keys the last counts. `line`
// must be valid UTF-8. Returns the reason when the line is no JSON object, else an empty string.
std::string read_object(std::string_view line, std::span<const std::string> keys,
                        std::vector<JsonValue>& values);

// The top-level keys of an object, in order; the reason when it is none.
std::string read_keys(std::string_view line, std::vector<std::string>& keys);

// A JSON text, or a discarded value where it is none. What is nested more than eight deep is left
// out: no label is, and a value's own functions call themselves for every level.
nlohmann::json parse_shallow(std::string_view text);

// The value of a key of a valid object, which may have lone surrogates, as JSON.
std::string nested_value(const std::string& line, const std::string& key);

// `line` with every \uD800 to \uDFFF escape that has no partner replaced by \ufffd, as such escapes
// make a line invalid although programs write them for text cut inside a character. Adds the number
// of replacements to `count`.
std::string without_lone_surrogates(std::string_view line, std::int64_t& count);

}  // namespace fastformer::data
