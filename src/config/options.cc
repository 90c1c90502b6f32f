// Binding of options to variables, and what follows from the list.
#include "config/options.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"

namespace fastformer::config {
namespace {

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

std::string with_underscores(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

const std::string& only_value(std::span<const std::string> values) {
  if (values.size() != 1) throw usage_error("takes exactly one value");
  return values[0];
}

std::string as_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const Json& part : value) parts.push_back(as_text(part));
    return join(parts, ",");
  }
  return value.is_number_float() ? format_double(value.get<double>()) : value.dump();
}

bool parse_bool(const std::string& text) {
  const std::string lower = ascii_lower(text);
  if (lower == "true" || lower == "1" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "0" || lower == "no" || lower == "off") return false;
  throw usage_error(in_quotes(text) + " is neither true nor false");
}

std::string range_text(Range range) {
  return format_double(range.low) + " to " + format_double(range.high);
}

template <typename Number>
Number checked(double value, std::string_view shown, Range range) {
  const bool whole = !std::is_integral_v<Number> || value == std::floor(value);
  if (!(value >= range.low && value <= range.high) || !whole) {
    throw usage_error(std::string(shown) + " is not " +
                      (std::is_integral_v<Number> ? "a whole number" : "a number") + " from " +
                      range_text(range));
  }
  return static_cast<Number>(value);
}

template <typename Number>
Number parse_number(const std::string& text, Range range) {
  if constexpr (std::is_integral_v<Number>) {
    if (const auto whole = parse_int(text)) {
      checked<Number>(static_cast<double>(*whole), in_quotes(text), range);
      return static_cast<Number>(*whole);
    }
  }
  const std::optional<double> value = parse_double(text);
  return checked<Number>(value.value_or(std::nan("")), in_quotes(text), range);
}

// "--name VALUE" of the help's left column.
std::string flag_text(const Option& option) {
  if (option.is_switch) return "--" + option.name;
  if (!option.choices.empty()) return "--" + option.name + " " + join(option.choices, "|");
  return "--" + option.name + " " + option.value_name;
}

std::string default_note(const Option& option) {
  if (option.is_switch) return option.default_text == "true" ? " [on; --no-" + option.name + "]" : "";
  return option.default_text.empty() ? "" : " [" + option.default_text + "]";
}

}  // namespace

std::string Option::key() const { return with_underscores(name); }

std::string Option::variable() const {
  std::string upper = key();
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return "FASTFORMER_" + upper;
}

OptionSet& OptionSet::group(std::string heading) {
  group_ = std::move(heading);
  return *this;
}

OptionSet& OptionSet::add_option(Option option) {
  option.group = group_;
  option.default_text = as_text(option.get_json());
  options_.push_back(std::move(option));
  return *this;
}

OptionSet& OptionSet::add(std::string name, bool* value, std::string help) {
  Option option;
  option.name = std::move(name);
  option.help = std::move(help);
  option.is_switch = true;
  option.set_text = [value](std::span<const std::string> texts) {
    *value = parse_bool(only_value(texts));
  };
  option.set_json = [value](const Json& json) {
    if (!json.is_boolean()) throw usage_error(json.dump() + " is neither true nor false");
    *value = json.get<bool>();
  };
  option.get_json = [value] { return Json(*value); };
  return add_option(std::move(option));
}

template <typename Number>
OptionSet& OptionSet::add_number(std::string name, Number* value, Range range, std::string help) {
  Option option;
  option.name = std::move(name);
  option.help = std::move(help);
  option.value_name = std::is_integral_v<Number> ? "N" : "X";
  option.set_text = [value, range](std::span<const std::string> texts) {
    *value = parse_number<Number>(only_value(texts), range);
  };
  option.set_json = [value, range](const Json& json) {
    const double number = json.is_number() ? json.get<double>() : std::nan("");
    checked<Number>(number, printable(json.dump()), range);
    *value = json.get<Number>();
  };
  option.get_json = [value] { return Json(*value); };
  return add_option(std::move(option));
}

OptionSet& OptionSet::add(std::string name, int* value, Range range, std::string help) {
  return add_number(std::move(name), value, range, std::move(help));
}
OptionSet& OptionSet::add(std::string name, std::int64_t* value, Range range, std::string help) {
  return add_number(std::move(name), value, range, std::move(help));
}
OptionSet& OptionSet::add(std::string name, double* value, Range range, std::string help) {
  return add_number(std::move(name), value, range, std::move(help));
}

OptionSet& OptionSet::add(std::string name, std::string* value, std::string value_name,
                          std::string help) {
  Option option;
  option.name = std::move(name);
  option.help = std::move(help);
  option.value_name = std::move(value_name);
  option.set_text = [value](std::span<const std::string> texts) { *value = only_value(texts); };
  option.set_json = [value](const Json& json) {
    if (!json.is_string()) throw usage_error(printable(json.dump()) + " is not a string");
    *value = json.get<std::string>();
  };
  option.get_json = [value] { return Json(*value); };
  return add_option(std::move(option));
}

OptionSet& OptionSet::add(std::string name, std::vector<std::string>* value, std::string value_name,
                          std::string help) {
  Option option;
  option.name = std::move(name);
  option.help = std::move(help);
  option.value_name = std::move(value_name);
  option.is_list = true;
  option.set_text = [value](std::span<const std::string> texts) {
    value->assign(texts.begin(), texts.end());
  };
  option.set_json = [value](const Json& json) {
    const bool strings = json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& x) {
                           return x.is_string();
                         });
    if (!strings) throw usage_error(printable(json.dump()) + " is not a list of strings");
    *value = json.get<std::vector<std::string>>();
  };
  option.get_json = [value] { return Json(*value); };
  return add_option(std::move(option));
}

OptionSet& OptionSet::add_choice(std::string name, std::string help,
                                 std::vector<std::string> choices,
                                 std::function<std::size_t()> get,
                                 std::function<void(std::size_t)> set) {
  Option option;
  option.name = std::move(name);
  option.help = std::move(help);
  option.choices = choices;
  const auto set_name = [choices, set](const std::string& word) {
    const auto at = std::find(choices.begin(), choices.end(), word);
    if (at == choices.end()) {
      throw usage_error(in_quotes(word) + " is not one of " + join(choices, ", "));
    }
    set(static_cast<std::size_t>(at - choices.begin()));
  };
  option.set_text = [set_name](std::span<const std::string> texts) { set_name(only_value(texts)); };
  option.set_json = [set_name](const Json& json) { set_name(as_text(json)); };
  option.get_json = [choices, get] { return Json(choices.at(get())); };
  return add_option(std::move(option));
}

const Option* OptionSet::find(std::string_view name) const {
  const std::string key = with_underscores(name);
  for (const Option& option : options_) {
    if (option.key() == key) return &option;
  }
  return nullptr;
}

bool OptionSet::is_set(std::string_view name) const {
  const Option* option = find(name);
  return option && option->source != Source::kDefault;
}

Option& OptionSet::find_or_throw(std::string_view name, const std::string& where, bool as_flag) {
  if (const Option* option = find(name)) return const_cast<Option&>(*option);
  std::vector<std::string> known;
  for (const Option& option : options_) {
    known.push_back(as_flag ? "--" + option.name : option.key());
  }
  const std::string word = (as_flag ? "--" : "") + std::string(name);
  fail_unknown("unknown " + std::string(as_flag ? "flag " : "key ") + printable(word), word, known,
               where);
}

void OptionSet::apply_json(const Json& values, Source source, const std::string& where) {
  if (!values.is_object()) throw usage_error("must be a JSON object of options", where);
  for (const auto& [key, value] : values.items()) {
    Option& option = find_or_throw(key, where, false);
    if (option.source > source) continue;
    try {
      option.set_json(value);
    } catch (const Error& error) {
      throw usage_error(key + ": " + error.what(), where);
    }
    option.source = source;
  }
}

void OptionSet::apply_flag(const std::string& name, std::span<const std::string> values) {
  Option& option = find_or_throw(name, "", true);
  try {
    option.set_text(values);
  } catch (const Error& error) {
    throw usage_error(error.what(), "--" + name);
  }
  option.source = Source::kFlag;
}

void OptionSet::apply_environment() {
  for (Option& option : options_) {
    const char* text = std::getenv(option.variable().c_str());
    if (!text || option.source > Source::kEnvironment) continue;
    try {
      if (option.is_list) {
        option.set_text(split(text, ','));
      } else {
        const std::string value = text;
        option.set_text(std::span(&value, 1));
      }
    } catch (const Error& error) {
      throw usage_error(error.what(), "environment variable " + option.variable());
    }
    option.source = Source::kEnvironment;
  }
}

Json OptionSet::to_json() const {
  Json values = Json::object();
  for (const Option& option : options_) values[option.key()] = option.get_json();
  return values;
}

std::string OptionSet::help() const {
  constexpr std::size_t kColumn = 34;
  std::string text;
  std::string heading;
  for (const Option& option : options_) {
    if (option.group != heading) {
      heading = option.group;
      text += "\n" + heading + ":\n";
    }
    std::string line = "  " + flag_text(option);
    if (line.size() + 2 > kColumn) {
      text += line + "\n";
      line.clear();
    }
    line.resize(kColumn, ' ');
    text += line + option.help + default_note(option) + "\n";
  }
  return text;
}

std::string OptionSet::markdown() const {
  std::string text;
  std::string heading;
  for (const Option& option : options_) {
    if (option.group != heading) {
      heading = option.group;
      text += "\n### " + heading + "\n\n| flag | default | meaning |\n| --- | --- | --- |\n";
    }
    std::string flag = flag_text(option);
    for (std::size_t at = 0; (at = flag.find('|', at)) != std::string::npos; at += 2) {
      flag.insert(at, "\\");
    }
    text += "| `" + flag + "` | " +
            (option.default_text.empty() ? "" : "`" + option.default_text + "`") + " | " +
            option.help + " |\n";
  }
  return text;
}

void fail_unknown(const std::string& kind_and_word, std::string_view word,
                  std::span<const std::string> candidates, const std::string& where) {
  const auto near = nearest(word, candidates);
  throw usage_error(kind_and_word, where, near ? "Did you mean " + *near + "?" : "");
}

}  // namespace fastformer::config
