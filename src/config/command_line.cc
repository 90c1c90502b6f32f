// Splits a command line with CLI11 and hands the values to the option set.
#include "config/command_line.h"

#include <fastformer/error.h>

#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "io/files.h"

namespace fastformer::config {
namespace {

constexpr std::size_t kConfigLimit = 1 << 20;  // bytes of a configuration file

[[noreturn]] void fail_unknown_flag(const OptionSet& options, std::string word) {
  word = word.substr(0, word.find('='));
  std::vector<std::string> known = {"--help"};
  for (const Option& option : options.options()) known.push_back("--" + option.name);
  fail_unknown("unknown flag " + printable(word), word, known, "");
}

// What was typed, by option name; a switch has "true" or "false".
using Typed = std::map<std::string, std::vector<std::string>>;

void declare(CLI::App& app, const Option& option, Typed* typed) {
  const std::string flag = "--" + option.name;
  const auto store = [typed, name = option.name](const std::vector<std::string>& values) {
    (*typed)[name] = values;
    return true;
  };
  if (option.is_switch) {
    app.add_flag(flag + ",!--no-" + option.name)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->each([typed, name = option.name](const std::string& value) { (*typed)[name] = {value}; });
    return;
  }
  CLI::Option* declared = app.add_option(flag, store);
  if (option.is_list) {
    declared->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  } else {
    declared->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

void parse_words(CLI::App& app, const OptionSet& options, std::span<const std::string> arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    throw usage_error(error.what(), "", "See --help");
  }
  for (const std::string& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') fail_unknown_flag(options, word);
  }
}

}  // namespace

ParsedArguments parse_command_line(OptionSet& options, std::span<const std::string> arguments,
                                   std::size_t max_positionals) {
  ParsedArguments parsed;
  for (const std::string& word : arguments) {
    if (word == "--") break;
    parsed.help = parsed.help || word == "--help" || word == "-h";
  }
  if (parsed.help) return parsed;

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  Typed typed;
  for (const Option& option : options.options()) declare(app, option, &typed);
  std::string config_file;
  const bool reads_file = !options.find("config");
  if (reads_file) app.add_option("--config", config_file);
  parse_words(app, options, arguments);

  parsed.positionals = app.remaining();
  std::erase(parsed.positionals, "--");
  if (parsed.positionals.size() > max_positionals) {
    throw usage_error("unexpected argument \"" + printable(parsed.positionals[max_positionals]) + "\"",
                      "", "See --help");
  }
  for (const auto& [name, values] : typed) options.apply_flag(name, values);
  options.apply_environment();
  if (!config_file.empty()) apply_file(options, config_file);
  return parsed;
}

void apply_file(OptionSet& options, const std::string& path) {
  const std::string text = io::read_file(path, kConfigLimit);
  const Json values = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (values.is_discarded()) throw usage_error("is not valid JSON", path);
  options.apply_json(values, Source::kFile, path);
}

}  // namespace fastformer::config
