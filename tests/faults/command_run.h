// A command run inside the test: its exit code, what it said and what it printed.
#pragma once

#include <fastformer/error.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "base/log.h"
#include "command.h"
#include "temporary_folder.h"

namespace fastformer {

// What a program says when std::bad_alloc ends a command.
inline constexpr const char* kOutOfMemory = "out of memory";

struct CommandResult {
  int code = 0;
  std::string error;     // of an Error, or kOutOfMemory
  std::string warnings;  // a line each
  std::string output;
};

// Standard output, in a file until the end of the scope.
class CapturedOutput {
 public:
  explicit CapturedOutput(std::FILE* into) : before_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    ::dup2(::fileno(into), STDOUT_FILENO);
  }
  ~CapturedOutput() {
    std::fflush(stdout);
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

 private:
  int before_;
};

// Runs the command with `calls` in place of the system's. Anything thrown but an Error fails the
// test.
inline CommandResult run_command(int (*command)(apps::Arguments),
                                 const std::vector<std::string>& words, io::Operations& calls) {
  CommandResult result;
  set_log_sink([&](LogLevel level, const std::string& line) {
    if (level == LogLevel::kWarning) result.warnings += line + "\n";
  });
  std::FILE* const output = std::tmpfile();
  try {
    const CapturedOutput captured(output);
    const io::ScopedOperations scope(&calls);
    result.code = command(words);
  } catch (const Error& error) {
    result.code = apps::kFailed;
    result.error = error.what();
  } catch (const std::bad_alloc&) {
    result.code = apps::kFailed;
    result.error = kOutOfMemory;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not an Error: " << error.what();
    result.code = apps::kFailed;
  }
  set_log_sink({});
  std::rewind(output);
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) {
    result.output += static_cast<char>(c);
  }
  std::fclose(output);
  return result;
}

}  // namespace fastformer
