// The calls that change a disk, in order, as a program made them.
#pragma once

#include <fcntl.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/operations.h"

namespace fastformer {

struct DiskCall {
  enum class Kind { kCreate, kEmpty, kWrite, kSync, kRename, kRemove, kMakeFolder };
  Kind kind;
  std::string path;
  std::string more;  // the bytes of a write, the new name of a rename
};

// Does what it is asked and notes it down, but does not wait for the disk.
class RecordedCalls : public io::Operations {
 public:
  const std::vector<DiskCall>& calls() const { return calls_; }

  int open(const std::string& path, int flags, int mode) override {
    io::FileStatus before;
    Operations::status(path, &before);
    const int file = Operations::open(path, flags, mode);
    if (file < 0) return file;
    paths_[file] = path;
    if (!before.exists) note(DiskCall::Kind::kCreate, path);
    if (before.size > 0 && (flags & O_TRUNC)) note(DiskCall::Kind::kEmpty, path);
    return file;
  }
  ssize_t write(int file, const void* bytes, std::size_t count) override {
    const ssize_t written = Operations::write(file, bytes, count);
    if (written > 0) {
      note(DiskCall::Kind::kWrite, paths_[file],
           {static_cast<const char*>(bytes), static_cast<std::size_t>(written)});
    }
    return written;
  }
  int fsync(int file) override {
    note(DiskCall::Kind::kSync, paths_[file]);
    return 0;
  }
  int rename(const std::string& from, const std::string& to) override {
    return noted(Operations::rename(from, to), DiskCall::Kind::kRename, from, to);
  }
  int unlink(const std::string& path) override {
    return noted(Operations::unlink(path), DiskCall::Kind::kRemove, path);
  }
  int make_directory(const std::string& path) override {
    return noted(Operations::make_directory(path), DiskCall::Kind::kMakeFolder, path);
  }
  int remove_directory(const std::string& path) override {
    return noted(Operations::remove_directory(path), DiskCall::Kind::kRemove, path);
  }

 private:
  void note(DiskCall::Kind kind, const std::string& path, std::string_view more = "") {
    calls_.push_back({kind, path, std::string(more)});
  }
  int noted(int result, DiskCall::Kind kind, const std::string& path, std::string_view more = "") {
    if (result == 0) note(kind, path, more);
    return result;
  }

  std::map<int, std::string> paths_;
  std::vector<DiskCall> calls_;
};

}  // namespace fastformer
