// Another program, run to its end within limits of time and memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace fastformer::io {

struct ChildLimits {
  double seconds = 0;       // 0: none
  std::int64_t memory = 0;  // bytes held at once; 0: none
};

enum class ChildEnd {
  kExit,        // by itself, with a code
  kSignal,      // by a signal that nobody here sent
  kOverTime,    // ended here
  kOverMemory,  // ended here
  kStopped,     // ended because `stop` said so
};

struct ChildResult {
  ChildEnd end = ChildEnd::kExit;
  int code = 0;  // of kExit: what the program returned; of kSignal: which
  double seconds = 0;
  // Bytes that it held at most. Of a child that is smaller than this process, what it held at most
  // until a few milliseconds before its end; 0 if it ended within those.
  std::int64_t peak_memory = 0;
  std::string output;  // what it wrote to standard output, 64 MB of it at most
};

// Runs words[0] with the rest as arguments. What it writes to standard error is added to the file
// `talk`; its standard input is empty. While it runs `stop` is asked, some two hundred times a
// second; once it says so the child gets SIGTERM and the time that it needs to save its work. A
// child that is over a limit is killed, and one whose parent ends gets SIGTERM. Throws an Error
// when it cannot be started.
ChildResult run_child(std::span<const std::string> words, const std::string& talk,
                      const ChildLimits& limits, const std::function<bool()>& stop);

}  // namespace fastformer::io
