// A program as a table of commands: help, errors and exit codes in one place.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/command_line.h"

namespace fastformer::apps {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

using Arguments = std::span<const std::string>;

// One command; `run` gets the words after the command's name.
struct Command {
  const char* name;
  const char* summary;  // one line for the list of commands
  int (*run)(Arguments arguments);
};

// Runs the command that argv[1] names. Results go to stdout, talk and errors to stderr. `program`
// begins the messages.
int run_program(const std::string& program, std::span<const Command> commands, int argc,
                char** argv);

// From here on a log that nobody reads any longer, behind a pipe that was closed, ends nothing: for
// commands whose work is worth more than their talk.
void go_on_without_a_log();

// Throws when there is such a file, or no folder for it: what is written is new, but for pipes and
// devices.
void require_new_file(const std::string& path, const std::string& flag);
// Writes such a file: all of it or nothing, but for pipes and devices.
void write_new_file(const std::string& path, const std::string& text);

// Runs the command that the first word names; `name` stands for what comes before that word.
int run_command(const std::string& name, std::span<const Command> commands, Arguments words);

// Parses a command's options. On --help prints `usage` and the options and returns true, likewise
// on --help-markdown, from which docs/options.md is made. Words that are not options go to
// `positionals`, at most `max_positionals`.
bool parse_or_help(config::OptionSet& options, Arguments arguments, const std::string& usage,
                   std::size_t max_positionals = 0,
                   std::vector<std::string>* positionals = nullptr);

// Throws a usage error when a required option is empty.
void require(const std::string& value, const std::string& flag);

// Throws when the folder that the file of `flag` is to be written into is not there: before a long
// run, not after it.
void require_folder_of(const std::string& path, const std::string& flag);

// Writes to stdout; a failed write is an Error.
void print(const std::string& text);
void flush_output();

}  // namespace fastformer::apps
