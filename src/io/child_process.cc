// fork, exec, and a watch on time and memory.
#include "io/child_process.h"

#include <fastformer/error.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <vector>

#include "base/peak_memory.h"
#include "io/files.h"

namespace fastformer::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookMs = 5;                                 // between two looks at the child
constexpr std::size_t kMostOutput = std::size_t{1} << 26;  // bytes
constexpr int kNotStarted = 127;

// A file descriptor of its own.
class File {
 public:
  explicit File(int file) : file_(file) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return file_; }
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

 private:
  int file_;
};

// What happens between fork and exec: calls that are safe there, and no memory taken.
[[noreturn]] void become(char* const* words, int talk, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kNotStarted);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(talk, STDERR_FILENO);
  ::execv(words[0], words);
  ::_exit(kNotStarted);
}

class Watch {
 public:
  Watch(pid_t child, int output, const ChildLimits& limits)
      : child_(child), output_(output), limits_(limits) {}

  ChildResult run(const std::function<bool()>& stop) {
    int status = 0;
    rusage usage = {};
    for (;;) {
      read_output(kLookMs);
      look(stop);
      const pid_t ended = ::wait4(child_, &status, WNOHANG, &usage);
      if (ended == child_) break;
      if (ended < 0 && errno != EINTR)
        fail_with_errno("wait for it", "process " + std::to_string(child_));
    }
    while (read_output(0)) {
    }
    result_.seconds = seconds();
    // What the parent held when it forked counts as the child's; below that the last look knows.
    const std::int64_t most = std::int64_t{1024} * usage.ru_maxrss;
    if (most > peak_memory()) result_.peak_memory = most;
    if (WIFSIGNALED(status)) {
      if (result_.end == ChildEnd::kExit) result_.end = ChildEnd::kSignal;
      result_.code = WTERMSIG(status);
    } else {
      result_.code = WEXITSTATUS(status);
      // Done in the moment in which it was to be ended: what it did counts.
      if (result_.code == 0) result_.end = ChildEnd::kExit;
    }
    return result_;
  }

 private:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  // Waits so long for output; returns whether there was any.
  bool read_output(int milliseconds) {
    pollfd waiting = {is_open_ ? output_ : -1, POLLIN, 0};
    if (::poll(&waiting, 1, milliseconds) <= 0) return false;
    std::array<char, 1 << 16> bytes;
    const ssize_t count = ::read(output_, bytes.data(), bytes.size());
    if (count <= 0) {
      is_open_ = count < 0 && errno == EINTR;
      return false;
    }
    const std::size_t room = kMostOutput - result_.output.size();
    result_.output.append(bytes.data(), std::min(room, static_cast<std::size_t>(count)));
    return true;
  }

  void look(const std::function<bool()>& stop) {
    // The largest since exec, as soon as that has happened.
    const std::int64_t most = peak_memory(std::to_string(child_));
    if (most > 0) result_.peak_memory = most;
    if (result_.end != ChildEnd::kExit) return;
    if (limits_.seconds > 0 && seconds() > limits_.seconds) {
      end(ChildEnd::kOverTime, SIGKILL);
    } else if (limits_.memory > 0 && result_.peak_memory > limits_.memory) {
      end(ChildEnd::kOverMemory, SIGKILL);
    } else if (stop && stop()) {
      end(ChildEnd::kStopped, SIGTERM);
    }
  }

  void end(ChildEnd why, int signal) {
    result_.end = why;
    ::kill(child_, signal);
  }

  pid_t child_;
  int output_;
  bool is_open_ = true;
  ChildLimits limits_;
  ChildResult result_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

ChildResult run_child(std::span<const std::string> words, const std::string& talk,
                      const ChildLimits& limits, const std::function<bool()>& stop) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const File heard(::open(talk.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (heard.get() < 0) fail_with_errno("open", talk);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_with_errno("make a pipe for", words[0]);
  const File reading(ends[0]);
  File writing(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) fail_with_errno("start", words[0]);
  if (child == 0) become(pointers.data(), heard.get(), writing.get(), parent);
  writing.close();
  ChildResult result = Watch(child, reading.get(), limits).run(stop);
  if (result.end == ChildEnd::kExit && result.code == kNotStarted) {
    throw Error("cannot be started", words[0]);
  }
  return result;
}

}  // namespace fastformer::io
