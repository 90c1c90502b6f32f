// Options said once: a list of named fields over a struct's members, from which flags, help, the
// configuration file, environment variables, config.json and docs/options.md all follow.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace fastformer::config {

using Json = nlohmann::ordered_json;

// Inclusive bounds of a number.
struct Range {
  double low;
  double high;
};

// Where an option's value came from; a later one overrides an earlier one.
enum class Source { kDefault, kPreset, kFile, kEnvironment, kFlag };

// One named option bound to a variable.
struct Option {
  std::string name;                  // "max-length": flag --max-length, key "max_length"
  std::string group;                 // heading in the help
  std::string help;                  // one line, lower case, no full stop
  std::string value_name;            // "N", "X", "NAME", "FILE..."; empty for a switch
  std::vector<std::string> choices;  // empty unless the value is one of a few names
  std::string default_text;
  bool is_list = false;
  bool is_switch = false;
  Source source = Source::kDefault;

  // Reads text (one element per value of a list) or JSON; both throw usage errors that name no
  // place: the caller adds the flag, variable or key.
  std::function<void(std::span<const std::string>)> set_text;
  std::function<void(const Json&)> set_json;
  std::function<Json()> get_json;

  std::string key() const;       // name with '_' for '-'
  std::string variable() const;  // FASTFORMER_ + upper-case key
  // Files are not named by variables, which would reach every program of a session: a script's
  // FASTFORMER_DATA is not what evaluate --data means.
  bool has_variable() const { return !value_name.starts_with("FILE"); }
};

// A list of options bound to structs that outlive it.
class OptionSet {
 public:
  // Heading for the options added from here on.
  OptionSet& group(std::string heading);

  OptionSet& add(std::string name, bool* value, std::string help);
  OptionSet& add(std::string name, int* value, Range range, std::string help);
  OptionSet& add(std::string name, std::int64_t* value, Range range, std::string help);
  OptionSet& add(std::string name, double* value, Range range, std::string help);
  OptionSet& add(std::string name, std::string* value, std::string value_name, std::string help);
  // A list: "--train A B", "--train A --train B"; a JSON array in files; commas in the environment.
  OptionSet& add(std::string name, std::vector<std::string>* value, std::string value_name,
                 std::string help);
  // An enumeration, written by its names.
  template <typename Enum>
  requires std::is_enum_v<Enum> OptionSet& add(
      const std::string& name, Enum* value,
      std::initializer_list<std::pair<const char*, Enum>> names, const std::string& help) {
    return add_choice(
        name, help, choice_names(names),
        [value, table = table_of(names)] {
          for (std::size_t i = 0; i < table.size(); ++i) {
            if (table[i] == *value) return i;
          }
          return table.size();
        },
        [value, table = table_of(names)](std::size_t i) { *value = table[i]; });
  }

  const std::vector<Option>& options() const { return options_; }
  // The option with this name (with '-' or '_'), or nullptr.
  const Option* find(std::string_view name) const;
  bool is_set(std::string_view name) const;

  // Sets options, keeping those that a stronger source has set. Errors name the place; an unknown
  // key names the nearest known one.
  void apply_json(const Json& values, Source source, const std::string& where);
  void apply_flag(const std::string& name, std::span<const std::string> values);
  // Reads FASTFORMER_* variables of the options in this set, but of those that name files.
  void apply_environment();

  // Other defaults than the structs have, for flags, help and documentation alike.
  void set_defaults(const Json& values);

  // All options as key -> value, in the order of adding.
  Json to_json() const;
  // The text that --help prints: a section per group, aligned.
  std::string help() const;
  // The same as Markdown tables for docs/options.md.
  std::string markdown() const;

 private:
  template <typename Enum>
  static std::vector<std::string> choice_names(
      std::initializer_list<std::pair<const char*, Enum>> names) {
    std::vector<std::string> list;
    for (const auto& entry : names) list.emplace_back(entry.first);
    return list;
  }
  template <typename Enum>
  static std::vector<Enum> table_of(std::initializer_list<std::pair<const char*, Enum>> names) {
    std::vector<Enum> list;
    for (const auto& entry : names) list.push_back(entry.second);
    return list;
  }

  OptionSet& add_choice(std::string name, std::string help, const std::vector<std::string>& choices,
                        const std::function<std::size_t()>& get,
                        const std::function<void(std::size_t)>& set);
  template <typename Number>
  OptionSet& add_number(std::string name, Number* value, Range range, std::string help);
  OptionSet& add_option(Option option);
  Option& find_or_throw(std::string_view name, const std::string& where, bool as_flag);

  std::string group_ = "Options";
  std::vector<Option> options_;
};

// An error for an unknown `word` of the given kind ("flag --widht"), naming the nearest candidate.
[[noreturn]] void fail_unknown(const std::string& kind_and_word, std::string_view word,
                               std::span<const std::string> candidates, const std::string& where);

}  // namespace fastformer::config
