// Flags and positional arguments of one command.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/options.h"

namespace fastformer::config {

// What the command line said besides options.
struct ParsedArguments {
  std::vector<std::string> positionals;
  bool help = false;  // --help or -h was given; nothing else was checked
};

// Sets the options from `arguments` (without the program's and the command's name), then from
// FASTFORMER_* variables, and from the JSON file that --config names when the set has no option
// "config" of its own. Precedence: flag, environment, file. A value follows its flag or a '=': the
// second way is the only one for values that begin with '-' and are neither "-" nor a number. A
// list takes words up to the next flag, and again with every repetition; of other flags the last
// counts. A switch X also takes --no-X. After "--" no word is a flag. Throws usage errors; an
// unknown flag names the nearest known one. At most `max_positionals` other words.
ParsedArguments parse_command_line(OptionSet& options, std::span<const std::string> arguments,
                                   std::size_t max_positionals = 0);

// Reads a JSON object of options from a file.
void apply_file(OptionSet& options, const std::string& path);

}  // namespace fastformer::config
