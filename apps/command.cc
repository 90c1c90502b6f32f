// Dispatch of commands and mapping of errors to exit codes.
#include "command.h"

#include <fastformer/error.h>
#include <fastformer/version.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "base/log.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "io/files.h"

namespace fastformer::apps {
namespace {

[[noreturn]] void fail_to_print() {
  io::fail_with_errno("write", "standard output", errno == EBADF ? "Leave it open" : "");
}

void print_commands(const std::string& program, std::span<const Command> commands) {
  print("usage: " + program + " COMMAND [OPTIONS]\n\nCommands:\n");
  for (const Command& command : commands) {
    std::string line = "  " + std::string(command.name);
    line.resize(16, ' ');
    print(line + command.summary + "\n");
  }
  print("\n" + program + " COMMAND --help lists the options of a command.\n");
}

int dispatch(const std::string& program, std::span<const Command> commands, int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "--version") {
    print(program + " " + kVersion + "\n");
    return kDone;
  }
  return run_command(program, commands, words);
}

// A mapped file that another program cuts short takes its pages with it: what reads them ends the
// program by a signal, and so does a disk that fails.
void end_with_a_word_when_a_file_vanishes() {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    constexpr char kWord[] =
        "fastformer: a file in use was cut short or cannot be read any more. Begin again; a "
        "training "
        "that kept a state goes on by --resume\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWord, sizeof(kWord) - 1);
    ::_exit(kFailed);
  };
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

int run_command(const std::string& name, std::span<const Command> commands, Arguments words) {
  if (words.empty()) {
    print_commands(name, commands);
    return kWrongUsage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_commands(name, commands);
    return kDone;
  }
  std::vector<std::string> known;
  for (const Command& command : commands) {
    if (words[0] == command.name) return command.run(words.subspan(1));
    known.emplace_back(command.name);
  }
  config::fail_unknown("unknown command " + words[0], words[0], known, "");
}

int run_program(const std::string& program, std::span<const Command> commands, int argc,
                char** argv) {
  end_with_a_word_when_a_file_vanishes();
  // A write beyond the shell's limit is to fail, and be told of, like one on a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  set_log_sink([](LogLevel level, const std::string& line) {
    std::fprintf(stderr, "%s%s\n", level == LogLevel::kWarning ? "warning: " : "", line.c_str());
  });
  try {
    const int code = dispatch(program, commands, argc, argv);
    flush_output();
    return code;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), error.what());
    return error.kind() == ErrorKind::kUsage ? kWrongUsage : kFailed;
  } catch (const Stopped& stopped) {
    return stopped.exit_code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory. Use smaller batches or a smaller model\n",
                 program.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal error: %s\n", program.c_str(), error.what());
  }
  return kFailed;
}

void go_on_without_a_log() { std::signal(SIGPIPE, SIG_IGN); }

bool parse_or_help(config::OptionSet& options, Arguments arguments, const std::string& usage,
                   std::size_t max_positionals, std::vector<std::string>* positionals) {
  if (arguments.size() == 1 && arguments[0] == "--help-markdown") {
    print(options.markdown());
    return true;
  }
  const config::ParsedArguments parsed =
      config::parse_command_line(options, arguments, max_positionals);
  if (parsed.help) {
    print(usage + options.help());
    return true;
  }
  if (positionals) *positionals = parsed.positionals;
  return false;
}

void require(const std::string& value, const std::string& flag) {
  if (value.empty()) throw usage_error(flag + " is missing", "", "See --help");
}

void require_folder_of(const std::string& path, const std::string& flag) {
  const std::string folder = io::parent_path(path);
  if (!io::is_directory(folder)) {
    throw Error("there is no folder \"" + printable(folder, 1000) + "\"", flag);
  }
}

void require_new_file(const std::string& path, const std::string& flag) {
  require_folder_of(path, flag);
  const io::FileStatus status = io::status_of(path);
  if (!status.is_regular && !status.is_directory) return;
  throw Error("exists already", path, "Remove it, or give " + flag + " another name");
}

void write_new_file(const std::string& path, const std::string& text) {
  const io::FileStatus status = io::status_of(path);
  if (status.is_regular) throw Error("has come to be there meanwhile", path, "Remove it");
  if (!status.exists) return io::write_file_atomically(path, text);
  io::OutputFile file(path);
  file.write(text);
  file.close();
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    fail_to_print();
  }
}

void flush_output() {
  if (std::fflush(stdout) != 0) {
    fail_to_print();
  }
}

}  // namespace fastformer::apps
