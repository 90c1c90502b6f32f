// Operating system calls that fail, stop short or are interrupted on demand.
#pragma once

#include <algorithm>
#include <cerrno>
#include <string>

#include "io/operations.h"

namespace fastformer {

class FaultyOperations : public io::Operations {
 public:
  enum class Call { kOpen, kRead, kWrite, kFsync, kClose, kRename, kList, kMap, kStatus };

  // Lets the call fail with `error` after it went well `after` times.
  void fail(Call call, int error, int after = 0) {
    call_ = call;
    error_ = error;
    good_calls_ = after;
  }
  // Lets every second open, read and write be interrupted, and the others move one byte.
  void interrupt() { interrupts_ = true; }

  int open(const std::string& path, int flags, int mode) override {
    if (fails(Call::kOpen) || is_interrupted()) return -1;
    return Operations::open(path, flags, mode);
  }
  int close(int file) override {
    const int result = Operations::close(file);
    return fails(Call::kClose) ? -1 : result;
  }
  ssize_t read(int file, void* bytes, std::size_t count) override {
    if (fails(Call::kRead) || is_interrupted()) return -1;
    return Operations::read(file, bytes, interrupts_ ? std::min<std::size_t>(count, 1) : count);
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    if (fails(Call::kWrite) || is_interrupted()) return -1;
    return Operations::write(file, bytes, interrupts_ ? std::min<std::size_t>(count, 1) : count);
  }
  int fsync(int file) override { return fails(Call::kFsync) ? -1 : Operations::fsync(file); }
  int rename(const std::string& from, const std::string& to) override {
    return fails(Call::kRename) ? -1 : Operations::rename(from, to);
  }
  int list(const std::string& path, std::vector<std::string>* names) override {
    return fails(Call::kList) ? -1 : Operations::list(path, names);
  }
  void* map(int file, std::size_t size) override {
    return fails(Call::kMap) ? nullptr : Operations::map(file, size);
  }
  int status(const std::string& path, io::FileStatus* status) override {
    return fails(Call::kStatus) ? -1 : Operations::status(path, status);
  }

 private:
  bool fails(Call call) {
    if (error_ == 0 || call != call_ || good_calls_-- > 0) return false;
    errno = error_;
    return true;
  }
  bool is_interrupted() {
    if (!interrupts_ || ++calls_ % 2 == 0) return false;
    errno = EINTR;
    return true;
  }

  Call call_ = Call::kOpen;
  int error_ = 0;
  int good_calls_ = 0;
  int calls_ = 0;
  bool interrupts_ = false;
};

}  // namespace fastformer
