// Operating system calls of which the n-th fails, whichever it is.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "io/operations.h"

namespace fastformer {

// How a call goes wrong.
enum class Fault {
  kNone,
  kOnce,     // the n-th call fails, the others go well
  kShort,    // the n-th call moves a part of the bytes only, if it is a read or a write
  kForGood,  // the n-th call fails and all after it: the disk is gone
};

inline const char* name_of(Fault fault) {
  constexpr const char* kNames[] = {"no fault", "a fault", "a short call", "a lost disk"};
  return kNames[static_cast<int>(fault)];
}

// Counts all calls. Nothing waits for the disk.
class FailingCall : public io::Operations {
 public:
  // The calls that want memory, not a file.
  static constexpr const char* kTakeMemory = "take memory";

  // `number` is from 1.
  explicit FailingCall(Fault fault = Fault::kNone, int number = 0)
      : fault_(fault), number_(number) {}

  // All calls so far, each with its path where it has one.
  const std::vector<std::string>& calls() const { return calls_; }
  // The call that was met, if it came.
  bool has_struck() const { return number_ > 0 && std::ssize(calls_) >= number_; }
  const std::string& struck() const { return calls_.at(static_cast<std::size_t>(number_ - 1)); }

  int open(const std::string& path, int flags, int mode) override {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (fails("open " + path, writes ? ENOSPC : EIO)) return -1;
    return Operations::open(path, flags, mode);
  }
  int close(int file) override {
    const int result = Operations::close(file);  // as the system does, also when it says EIO
    return fails("close", EIO) ? -1 : result;
  }
  ssize_t read(int file, void* bytes, std::size_t count) override {
    if (fails("read", EIO)) return -1;
    return Operations::read(file, bytes, is_short() ? shortened(count) : count);
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    if (fails("write", ENOSPC)) return -1;
    return Operations::write(file, bytes, is_short() ? shortened(count) : count);
  }
  int fsync(int) override { return fails("fsync", EIO) ? -1 : 0; }
  int lock(int file) override { return fails("lock", ENOLCK) ? -1 : Operations::lock(file); }
  int rename(const std::string& from, const std::string& to) override {
    return fails("rename " + from, EIO) ? -1 : Operations::rename(from, to);
  }
  int unlink(const std::string& path) override {
    return fails("unlink " + path, EIO) ? -1 : Operations::unlink(path);
  }
  int make_directory(const std::string& path) override {
    return fails("mkdir " + path, ENOSPC) ? -1 : Operations::make_directory(path);
  }
  int remove_directory(const std::string& path) override {
    return fails("rmdir " + path, EIO) ? -1 : Operations::remove_directory(path);
  }
  int status(const std::string& path, io::FileStatus* status) override {
    return fails("stat " + path, EIO) ? -1 : Operations::status(path, status);
  }
  int status_of_link(const std::string& path, bool* is_link) override {
    return fails("lstat " + path, EIO) ? -1 : Operations::status_of_link(path, is_link);
  }
  int list(const std::string& path, std::vector<std::string>* names) override {
    return fails("list " + path, EIO) ? -1 : Operations::list(path, names);
  }
  void* map(int file, std::size_t size) override {
    return fails("map", ENOMEM) ? nullptr : Operations::map(file, size);
  }
  void* map_memory(std::size_t size) override {
    return fails(kTakeMemory, ENOMEM) ? nullptr : Operations::map_memory(size);
  }
  void* map_shared(int file, std::size_t size) override {
    return fails("map", ENOMEM) ? nullptr : Operations::map_shared(file, size);
  }
  void* grow(void* bytes, std::size_t size, std::size_t wanted) override {
    return fails(kTakeMemory, ENOMEM) ? nullptr : Operations::grow(bytes, size, wanted);
  }
  int unmap(void* bytes, std::size_t size) override {
    const int result = Operations::unmap(bytes, size);
    return fails("unmap", ENOMEM) ? -1 : result;
  }
  int release(void* bytes, std::size_t size) override {
    return fails("release", EAGAIN) ? -1 : Operations::release(bytes, size);
  }
  int read_ahead(void* bytes, std::size_t size) override {
    return fails("read ahead", EAGAIN) ? -1 : Operations::read_ahead(bytes, size);
  }
  int map_ahead(void* bytes, std::size_t size) override {
    return fails("map ahead", EAGAIN) ? -1 : Operations::map_ahead(bytes, size);
  }
  int allocate(int file, std::size_t size) override {
    return fails("allocate", ENOSPC) ? -1 : Operations::allocate(file, size);
  }
  int make_private_directory(const std::string& path) override {
    return fails("mkdir " + path, ENOSPC) ? -1 : Operations::make_private_directory(path);
  }
  int touch(const std::string& path) override {
    return fails("touch " + path, EIO) ? -1 : Operations::touch(path);
  }

 private:
  bool fails(const std::string& call, int error) {
    calls_.push_back(call);
    // A lost disk takes no memory with it.
    const bool strikes =
        (fault_ == Fault::kOnce && std::ssize(calls_) == number_) ||
        (fault_ == Fault::kForGood && std::ssize(calls_) >= number_ && call != kTakeMemory);
    if (strikes) errno = error;
    return strikes;
  }
  bool is_short() const { return fault_ == Fault::kShort && std::ssize(calls_) == number_; }
  static std::size_t shortened(std::size_t count) { return std::max<std::size_t>(count / 3, 1); }

  Fault fault_;
  int number_;
  std::vector<std::string> calls_;
};

// The calls, by their numbers in a run without faults, at which a fault of this kind is tried: each
// one; when the disk is lost for good from there on, of reads and writes in a row only the first,
// and none that is not about the disk.
inline std::vector<int> points_of(Fault fault, const std::vector<std::string>& calls) {
  std::vector<int> points;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool moves_bytes = calls[i] == "read" || calls[i] == "write";
    if (fault == Fault::kShort && !moves_bytes) continue;
    if (fault == Fault::kForGood) {
      if (moves_bytes && i > 0 && calls[i - 1] == calls[i]) continue;
      if (calls[i] == FailingCall::kTakeMemory) continue;
    }
    points.push_back(static_cast<int>(i) + 1);
  }
  return points;
}

}  // namespace fastformer
