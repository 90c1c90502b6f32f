// Guards around the JSON parser.
#include "config/json_text.h"

#include <fastformer/error.h>

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace fastformer::config {
namespace {

// Watches a parser's events and throws at the first that is not allowed.
class Watch {
 public:
  Watch(const std::string& where, const JsonLimits& limits) : where_(where), limits_(limits) {}

  template <typename Value>
  void see(int depth, typename Value::parse_event_t event, const Value& parsed) {
    using Event = typename Value::parse_event_t;
    if (depth > limits_.depth) {
      throw Error("is nested more than " + std::to_string(limits_.depth) + " levels deep", where_);
    }
    if (event == Event::object_start) open_.emplace_back();
    if (event == Event::object_end) open_.pop_back();
    if (event == Event::key) see_key(parsed.template get<std::string>());
    if (event == Event::value && ++values_ > limits_.values) fail_size(limits_.values, "values");
  }

 private:
  [[noreturn]] void fail_size(std::size_t limit, const char* what) const {
    throw Error("has more than " + format_count(static_cast<std::int64_t>(limit)) + " " + what,
                where_);
  }

  void see_key(std::string key) {
    if (++keys_ > limits_.keys) fail_size(limits_.keys, "keys");
    const auto [at, is_new] = open_.back().insert(std::move(key));
    if (!is_new) throw Error("the key \"" + printable(*at) + "\" appears twice", where_);
  }

  const std::string& where_;
  const JsonLimits& limits_;
  std::size_t keys_ = 0;
  std::size_t values_ = 0;
  std::vector<std::set<std::string>> open_;  // keys of the objects around the current place
};

}  // namespace

template <typename Value>
Value parse_json(std::string_view text, const std::string& where, const JsonLimits& limits) {
  Watch watch(where, limits);
  const auto see = [&watch](int depth, typename Value::parse_event_t event, Value& parsed) {
    watch.see(depth, event, parsed);
    return true;
  };
  Value value = Value::parse(text.begin(), text.end(), see, /*allow_exceptions=*/false);
  if (value.is_discarded()) throw Error("is not valid JSON", where);
  return value;
}

template nlohmann::json parse_json(std::string_view, const std::string&, const JsonLimits&);
template Json parse_json(std::string_view, const std::string&, const JsonLimits&);

std::string json_text(const Json& value) {
  return value.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

void check_keys(const Json& value, const std::vector<std::string>& known,
                const std::string& where) {
  if (!value.is_object()) throw Error("must be a JSON object", where);
  for (const auto& [key, unused] : value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest(key, known);
    throw Error("unknown key \"" + printable(key) + "\"", where,
                near ? "Did you mean \"" + *near + "\"?" : "");
  }
}

}  // namespace fastformer::config
