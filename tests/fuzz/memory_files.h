// A file system of one file, so that readers of files can be given bytes without a disk.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "io/operations.h"

namespace fastformer::fuzz {

class MemoryFile : public io::Operations {
 public:
  MemoryFile(std::string path, std::string bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}

  int open(const std::string& path, int flags, int) override {
    if (path != path_ || (flags & O_ACCMODE) != O_RDONLY) {
      errno = ENOENT;
      return -1;
    }
    at_ = 0;
    return kFile;
  }
  int close(int) override { return 0; }
  ssize_t read(int, void* bytes, std::size_t count) override {
    const std::size_t left = std::min(count, bytes_.size() - at_);
    std::memcpy(bytes, bytes_.data() + at_, left);
    at_ += left;
    return static_cast<ssize_t>(left);
  }
  int status(const std::string& path, io::FileStatus* status) override {
    *status = {};
    status->exists = status->is_regular = path == path_;
    if (status->exists) status->size = static_cast<std::int64_t>(bytes_.size());
    return 0;
  }
  void* map(int, std::size_t size) override {
    void* copy = std::malloc(size);
    std::memcpy(copy, bytes_.data(), std::min(size, bytes_.size()));
    return copy;
  }
  int unmap(void* bytes, std::size_t) override {
    std::free(bytes);
    return 0;
  }

 private:
  static constexpr int kFile = 1000;
  std::string path_, bytes_;
  std::size_t at_ = 0;
};

}  // namespace fastformer::fuzz
