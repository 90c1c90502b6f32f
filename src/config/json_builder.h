// Builds a JSON value from a parser's events, in bounds, without leaving its end to nlohmann's
// destructor.
#pragma once

#include <fastformer/error.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "config/json_text.h"

namespace fastformer::config {

// The receiver of nlohmann's sax_parse. Throws an Error beyond the limits and at a key that is
// there twice. Objects are collected before they are made, so that none is copied while it grows.
template <typename Value>
class JsonBuilder {
 public:
  using Integer = typename Value::number_integer_t;
  using Unsigned = typename Value::number_unsigned_t;
  using Float = typename Value::number_float_t;

  JsonBuilder(const std::string& where, const JsonLimits& limits)
      : where_(where), limits_(limits) {}
  ~JsonBuilder() {
    for (Open& open : open_) {
      for (Value& value : open.values) dismantle(value);
    }
    dismantle(result_);
  }
  JsonBuilder(const JsonBuilder&) = delete;
  JsonBuilder& operator=(const JsonBuilder&) = delete;

  // To be called once, when the parser was content.
  Value take() { return std::move(result_); }

  bool null() { return add_value(Value(nullptr)); }
  bool boolean(bool value) { return add_value(Value(value)); }
  bool number_integer(Integer value) { return add_value(Value(value)); }
  bool number_unsigned(Unsigned value) { return add_value(Value(value)); }
  bool number_float(Float value, const std::string&) { return add_value(Value(value)); }
  bool string(std::string& value) { return add_value(Value(std::move(value))); }
  bool binary(typename Value::binary_t&) { return false; }
  bool start_object(std::size_t) { return start(true); }
  bool start_array(std::size_t) { return start(false); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return false;
  }

  bool key(std::string& key) {
    if (++keys_ > limits_.keys) fail_size(limits_.keys, "keys");
    const auto [at, is_new] = open_.back().keys.insert(key);
    if (!is_new) throw Error("the key \"" + printable(*at) + "\" appears twice", where_);
    open_.back().names.push_back(std::move(key));
    return true;
  }

 private:
  // An array or object whose end has not come, in the order of the text.
  struct Open {
    bool is_object;
    std::vector<Value> values;
    std::vector<std::string> names;  // an object's, one for each value
    std::set<std::string> keys;      // the same
  };

  [[noreturn]] void fail_size(std::size_t limit, const char* what) const {
    throw Error("has more than " + format_count(static_cast<std::int64_t>(limit)) + " " + what,
                where_);
  }
  void check_depth() const {
    if (open_.size() > static_cast<std::size_t>(limits_.depth)) {
      throw Error("is nested more than " + std::to_string(limits_.depth) + " levels deep", where_);
    }
  }

  bool start(bool is_object) {
    check_depth();
    open_.push_back({is_object, {}, {}, {}});
    return true;
  }
  bool add_value(Value value) {
    check_depth();
    if (++values_ > limits_.values) fail_size(limits_.values, "values");
    add(value);
    return true;
  }
  void add(Value& value) {
    if (open_.empty()) {
      result_ = std::move(value);
      return;
    }
    open_.back().values.push_back(std::move(value));
  }

  bool end() {
    Open& open = open_.back();
    Value made(open.is_object ? Value::value_t::object : Value::value_t::array);
    const Dismantled<Value> guard(made);
    if (open.is_object) {
      auto& object = made.template get_ref<typename Value::object_t&>();
      if constexpr (requires { object.reserve(1); }) object.reserve(open.values.size());
      for (std::size_t i = 0; i < open.values.size(); ++i) {
        object.emplace(std::move(open.names[i]), std::move(open.values[i]));
      }
    } else {
      made.template get_ref<typename Value::array_t&>() = std::move(open.values);
    }
    open_.pop_back();
    add(made);
    return true;
  }

  const std::string& where_;
  const JsonLimits& limits_;
  std::size_t keys_ = 0, values_ = 0;
  std::vector<Open> open_;
  Value result_;
};

}  // namespace fastformer::config
