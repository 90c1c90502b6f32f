// Reading, writing and taking apart of JSON values.
#include "config/json_text.h"

#include <fastformer/error.h>

#include <algorithm>

#include "base/strings.h"
#include "config/json_builder.h"

namespace fastformer::config {

template <typename Value>
Value parse_json(std::string_view text, const std::string& where, const JsonLimits& limits) {
  JsonBuilder<Value> builder(where, limits);
  if (!Value::sax_parse(text.begin(), text.end(), &builder)) {
    throw Error("is not valid JSON", where, "Mend it, or copy it anew from where it came from");
  }
  return builder.take();
}

template nlohmann::json parse_json(std::string_view, const std::string&, const JsonLimits&);
template Json parse_json(std::string_view, const std::string&, const JsonLimits&);

template <typename Value>
void dismantle(Value& value) noexcept {
  if (value.is_object()) {
    auto& object = value.template get_ref<typename Value::object_t&>();
    for (auto& [key, member] : object) dismantle(member);
    object.clear();
  } else if (value.is_array()) {
    auto& array = value.template get_ref<typename Value::array_t&>();
    for (Value& element : array) dismantle(element);
    array.clear();
  }
}

template void dismantle(nlohmann::json&) noexcept;
template void dismantle(Json&) noexcept;

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
