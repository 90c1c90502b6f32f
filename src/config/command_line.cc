// Splits a command line into flags with their values and other words.
#include "config/command_line.h"

#include <fastformer/error.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/strings.h"
#include "config/json_text.h"
#include "io/files.h"

namespace fastformer::config {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;  // bytes of a file of options
constexpr const char* kConfigFlag = "config";

// Whether a word cannot be the value of the flag before it. "-" is standard input, "-4" a number.
bool looks_like_flag(std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return false;
  return word[1] != '.' && (word[1] < '0' || word[1] > '9');
}

// Takes words from the front of a command line.
class Splitter {
 public:
  Splitter(const OptionSet& options, std::span<const std::string> words)
      : options_(options), words_(words), reads_file_(!options.find(kConfigFlag)) {}

  void split() {
    while (!words_.empty()) {
      const std::string& word = take();
      if (word == "--") {
        positionals.insert(positionals.end(), words_.begin(), words_.end());
        return;
      }
      if (looks_like_flag(word)) {
        take_flag(word);
      } else {
        positionals.push_back(word);
      }
    }
  }

  // What was typed, by option name; a switch has one value, "true" or "false" or the text after
  // its '='.
  std::map<std::string, std::vector<std::string>> typed;
  std::vector<std::string> positionals;
  std::string file;  // of --config

 private:
  const std::string& take() {
    const std::string& word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  // Exact: flags are written with '-', although keys may have either sign.
  const Option* option(std::string_view name) const {
    for (const Option& candidate : options_.options()) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  }

  void take_flag(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string flag = word.substr(0, equals);
    if (!flag.starts_with("--")) fail_unknown_flag(flag);
    const std::string name = flag.substr(2);
    if (const Option* found = option(name)) {
      take_values(*found, equals == std::string::npos ? nullptr : &word[equals + 1]);
    } else if (reads_file_ && name == kConfigFlag) {
      file = equals == std::string::npos ? next_value(flag) : word.substr(equals + 1);
    } else if (const Option* negated = switch_of(name)) {
      if (equals != std::string::npos) throw usage_error("takes no value", flag);
      typed[negated->name] = {"false"};
    } else {
      fail_unknown_flag(flag);
    }
  }

  // The switch X of "no-X".
  const Option* switch_of(const std::string& name) const {
    const Option* found = name.starts_with("no-") ? option(name.substr(3)) : nullptr;
    return found && found->is_switch ? found : nullptr;
  }

  // `attached` is the text after '=', or nullptr.
  void take_values(const Option& found, const char* attached) {
    std::vector<std::string>& values = typed[found.name];
    if (!found.is_list) values.clear();
    if (attached) {
      values.emplace_back(attached);
    } else if (found.is_switch) {
      values.emplace_back("true");
    } else {
      values.push_back(next_value("--" + found.name));
      while (found.is_list && has_value()) values.push_back(take());
    }
  }

  bool has_value() const { return !words_.empty() && !looks_like_flag(words_.front()); }

  std::string next_value(const std::string& flag) {
    if (has_value()) return take();
    throw usage_error("a value is missing", flag,
                      words_.empty() ? ""
                                     : "One that begins with '-' is written " + flag + "=" +
                                           printable(words_.front()));
  }

  [[noreturn]] void fail_unknown_flag(const std::string& flag) const {
    std::vector<std::string> known = {"--help"};
    if (reads_file_) known.push_back("--" + std::string(kConfigFlag));
    for (const Option& candidate : options_.options()) {
      known.push_back("--" + candidate.name);
      if (candidate.is_switch) known.push_back("--no-" + candidate.name);
    }
    fail_unknown("unknown flag " + printable(flag), flag, known, "");
  }

  const OptionSet& options_;
  std::span<const std::string> words_;
  bool reads_file_;
};

}  // namespace

ParsedArguments parse_command_line(OptionSet& options, std::span<const std::string> arguments,
                                   std::size_t max_positionals) {
  ParsedArguments parsed;
  for (const std::string& word : arguments) {
    if (word == "--") break;
    parsed.help = parsed.help || word == "--help" || word == "-h";
  }
  if (parsed.help) return parsed;

  Splitter words(options, arguments);
  words.split();
  if (words.positionals.size() > max_positionals) {
    throw usage_error(
        "unexpected argument \"" + printable(words.positionals[max_positionals]) + "\"", "",
        "See --help");
  }
  parsed.positionals = std::move(words.positionals);
  for (const auto& [name, values] : words.typed) options.apply_flag(name, values);
  options.apply_environment();
  if (!words.file.empty()) apply_file(options, words.file);
  return parsed;
}

void apply_file(OptionSet& options, const std::string& path) {
  const std::string text = io::read_file_or_pipe(path, kFileLimit);
  Json values;
  try {
    values = parse_json<Json>(text, path, {.depth = 8});
  } catch (const Error& error) {
    throw usage_error(error.what());
  }
  options.apply_json(values, Source::kFile, path);
}

}  // namespace fastformer::config
