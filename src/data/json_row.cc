// Reading of JSON objects without building them in memory.
#include "data/json_row.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"

namespace fastformer::data {
namespace {

using Json = nlohmann::json;

// Receives the parser's events; keeps the values of the wanted keys, or all keys.
class ObjectHandler : public nlohmann::json_sax<Json> {
 public:
  explicit ObjectHandler(std::span<const std::string> keys, std::vector<JsonValue>* values)
      : wanted_(keys), values_(values) {}
  explicit ObjectHandler(std::vector<std::string>* all_keys) : all_keys_(all_keys) {}

  bool null() override { return value(JsonValue::Kind::kNull, ""); }
  bool boolean(bool is_true) override { return text(is_true ? "true" : "false"); }
  bool number_integer(number_integer_t number) override { return text(std::to_string(number)); }
  bool number_unsigned(number_unsigned_t number) override { return text(std::to_string(number)); }
  bool number_float(number_float_t, const string_t& written) override { return text(written); }
  bool string(string_t& characters) override { return text(std::move(characters)); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    current_.reset();
    const auto at = std::find(wanted_.begin(), wanted_.end(), name);
    if (at != wanted_.end()) current_ = static_cast<std::size_t>(at - wanted_.begin());
    if (all_keys_) all_keys_->push_back(std::move(name));
    return true;
  }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override {
    if (depth_ == 0) return refuse("is a JSON array; write one object a line, as jq -c '.[]' does");
    return open();
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return refuse("is not valid JSON at byte " + format_count(static_cast<std::int64_t>(position)));
  }

  const std::string& reason() const { return reason_; }

 private:
  bool open() {
    if (depth_ == 1) value(JsonValue::Kind::kNested, "");
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }
  bool text(std::string characters) { return value(JsonValue::Kind::kText, std::move(characters)); }
  bool value(JsonValue::Kind kind, std::string characters) {
    if (depth_ == 0) return refuse("is not a JSON object");
    if (depth_ == 1 && current_) (*values_)[*current_] = {kind, std::move(characters)};
    return true;
  }
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  std::span<const std::string> wanted_;
  std::vector<JsonValue>* values_ = nullptr;
  std::vector<std::string>* all_keys_ = nullptr;
  std::optional<std::size_t> current_;
  int depth_ = 0;
  std::string reason_;
};

std::string run(std::string_view line, ObjectHandler& handler) {
  const bool done = Json::sax_parse(line, &handler);
  if (!done && handler.reason().empty()) return "is not valid JSON";
  return handler.reason();
}

// The value of the escape at `at`, \u and four hexadecimal digits, if there is one.
std::optional<unsigned> escape_at(std::string_view line, std::size_t at) {
  if (at + 6 > line.size() || line[at] != '\\' || line[at + 1] != 'u') return std::nullopt;
  unsigned code = 0;
  const char* begin = line.data() + at + 2;
  const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
  if (error != std::errc() || end != begin + 4) return std::nullopt;
  return code;
}

bool is_between(std::optional<unsigned> code, unsigned low, unsigned high) {
  return code && *code >= low && *code <= high;
}

}  // namespace

std::string read_object(std::string_view line, std::span<const std::string> keys,
                        std::vector<JsonValue>& values) {
  values.assign(keys.size(), {});
  ObjectHandler handler(keys, &values);
  return run(line, handler);
}

std::string read_keys(std::string_view line, std::vector<std::string>& keys) {
  keys.clear();
  ObjectHandler handler(&keys);
  return run(line, handler);
}

Json parse_shallow(std::string_view text) {
  constexpr int kDeepest = 8;
  const auto keeps = [](int depth, Json::parse_event_t, Json&) { return depth <= kDeepest; };
  return Json::parse(text, keeps, false);
}

std::string nested_value(const std::string& line, const std::string& key) {
  std::int64_t lone = 0;
  Json object = parse_shallow(line);
  if (object.is_discarded()) object = parse_shallow(without_lone_surrogates(line, lone));
  return object.at(key).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string without_lone_surrogates(std::string_view line, std::int64_t& count) {
  std::string mended;
  mended.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    std::size_t length = line[at] == '\\' ? 2 : 1;
    if (const auto code = escape_at(line, at)) {
      const bool is_pair =
          is_between(code, 0xd800, 0xdbff) && is_between(escape_at(line, at + 6), 0xdc00, 0xdfff);
      if (!is_pair && is_between(code, 0xd800, 0xdfff)) {
        mended += "\\ufffd";
        ++count;
        at += 6;
        continue;
      }
      length = is_pair ? 12 : 6;
    }
    mended += line.substr(at, length);
    at += length;
  }
  return mended;
}

}  // namespace fastformer::data
