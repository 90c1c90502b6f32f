// Binding of options to variables, and what follows from the list.
#include "config/options.h"

#include <fastformer/error.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/strings.h"

namespace fastformer::config {
namespace {

std::string in_quotes(std::string_view text) { return "\"" + printable(text) + "\""; }

// '-' and '_' are one letter in the names of options.
char key_letter(char letter) { return letter == '-' ? '_' : letter; }

bool same_key(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, key_letter, key_letter);
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
[[noreturn]] void fail_range(std::string_view shown, Range range) {
  throw usage_error(std::string(shown) + " is not " +
                    (std::is_integral_v<Number> ? "a whole number" : "a number") + " from " +
                    range_text(range));
}

template <typename Number>
Number from_double(double value, std::string_view shown, Range range) {
  bool fits = value >= range.low && value <= range.high;
  if constexpr (std::is_integral_v<Number>) {
    // The type's upper end is no double; one more than it is.
    constexpr auto kLow = static_cast<double>(std::numeric_limits<Number>::min());
    fits = fits && value == std::floor(value) && value >= kLow && value < -kLow;
  }
  if (!fits) fail_range<Number>(shown, range);
  return static_cast<Number>(value);
}

// Exact where a double has too few bits.
template <typename Number>
Number from_int(std::int64_t value, std::string_view shown, Range range) {
  const auto rounded = static_cast<double>(value);
  const bool fits = rounded >= range.low && rounded <= range.high;
  if (!fits || static_cast<std::int64_t>(static_cast<Number>(value)) != value) {
    fail_range<Number>(shown, range);
  }
  return static_cast<Number>(value);
}

template <typename Number>
Number parse_number(const std::string& text, Range range) {
  if constexpr (std::is_integral_v<Number>) {
    if (const auto whole = parse_int(text)) return from_int<Number>(*whole, in_quotes(text), range);
  }
  const std::optional<double> value = parse_double(text);
  return from_double<Number>(value.value_or(std::nan("")), in_quotes(text), range);
}

template <typename Number>
Number json_number(const Json& json, Range range) {
  const std::string shown = printable(json.dump());
  if constexpr (std::is_integral_v<Number>) {
    // Above the signed range an unsigned number takes the way of doubles, where it does not fit.
    const bool is_signed = json.is_number_integer() && !json.is_number_unsigned();
    if (is_signed || (json.is_number_unsigned() && json.get<std::uint64_t>() <= INT64_MAX)) {
      return from_int<Number>(json.get<std::int64_t>(), shown, range);
    }
  }
  return from_double<Number>(json.is_number() ? json.get<double>() : std::nan(""), shown, range);
}

// "--name VALUE" of the help's left column.
std::string flag_text(const Option& option) {
  if (option.is_switch) return "--" + option.name;
  if (!option.choices.empty()) return "--" + option.name + " " + join(option.choices, "|");
  return "--" + option.name + " " + option.value_name;
}

// With the bars escaped that would end a cell of a Markdown table.
std::string in_a_cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

std::string default_note(const Option& option) {
  if (option.is_switch)
    return option.default_text == "true" ? " [on; --no-" + option.name + "]" : "";
  return option.default_text.empty() ? "" : " [" + option.default_text + "]";
}

}  // namespace

std::string Option::key() const {
  std::string key = name;
  std::ranges::transform(key, key.begin(), key_letter);
  return key;
}

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
    if (!json.is_boolean())
      throw usage_error(printable(json.dump()) + " is neither true nor false");
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
  option.set_json = [value, range](const Json& json) { *value = json_number<Number>(json, range); };
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
    const bool strings =
        json.is_array() &&
        std::all_of(json.begin(), json.end(), [](const Json& x) { return x.is_string(); });
    if (!strings) throw usage_error(printable(json.dump()) + " is not a list of strings");
    *value = json.get<std::vector<std::string>>();
  };
  option.get_json = [value] { return Json(*value); };
  return add_option(std::move(option));
}

OptionSet& OptionSet::add_choice(std::string name, std::string help,
                                 const std::vector<std::string>& choices,
                                 const std::function<std::size_t()>& get,
                                 const std::function<void(std::size_t)>& set) {
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
  for (const Option& option : options_) {
    if (same_key(option.name, name)) return &option;
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
  std::set<const Option*> seen;  // "max-length" and "max_length" are one option
  for (const auto& [key, value] : values.items()) {
    Option& option = find_or_throw(key, where, false);
    if (!seen.insert(&option).second) throw usage_error(key + ": is set twice", where);
    if (option.source > source) continue;
    try {
      option.set_json(value);
    } catch (const Error& error) {
      throw usage_error(key + ": " + error.what(), where);
    }
    option.source = source;
  }
}

void OptionSet::set_defaults(const Json& values) {
  apply_json(values, Source::kDefault, "defaults");
  for (Option& option : options_) option.default_text = as_text(option.get_json());
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
    if (!text || !option.has_variable() || option.source > Source::kEnvironment) continue;
    try {
      if (option.is_list) {
        option.set_text(*text ? split(text, ',') : std::vector<std::string>());
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
    text += "| `" + in_a_cell(flag_text(option)) + "` | " +
            (option.default_text.empty() ? "" : "`" + option.default_text + "`") + " | " +
            in_a_cell(option.help) + " |\n";
  }
  return text;
}

void fail_unknown(const std::string& kind_and_word, std::string_view word,
                  std::span<const std::string> candidates, const std::string& where) {
  const auto near = nearest(word, candidates);
  throw usage_error(kind_and_word, where, near ? "Did you mean " + *near + "?" : "");
}

}  // namespace fastformer::config
