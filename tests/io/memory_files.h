// A read-only file system in memory, so that readers of files can be given bytes without a disk.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/files.h"
#include "io/operations.h"

namespace fastformer {

// Files by their paths, beside each other; whatever stands before a '/' of a path is a folder.
class MemoryFiles : public io::Operations {
 public:
  using Content = std::map<std::string, std::string>;

  explicit MemoryFiles(Content files) : files_(std::move(files)) {}

  int open(const std::string& path, int flags, int) override {
    const auto found = files_.find(path);
    if (found == files_.end() || (flags & O_ACCMODE) != O_RDONLY) return fail(ENOENT);
    opened_.push_back({&found->second, 0});
    return kFirstFile + static_cast<int>(opened_.size()) - 1;
  }
  int close(int) override { return 0; }
  ssize_t read(int file, void* bytes, std::size_t count) override {
    Opened& opened = opened_.at(static_cast<std::size_t>(file - kFirstFile));
    const std::size_t taken = std::min(count, opened.bytes->size() - opened.at);
    std::memcpy(bytes, opened.bytes->data() + opened.at, taken);
    opened.at += taken;
    return static_cast<ssize_t>(taken);
  }
  int status(const std::string& path, io::FileStatus* status) override {
    *status = {};
    if (const auto found = files_.find(path); found != files_.end()) {
      status->exists = status->is_regular = true;
      status->size = static_cast<std::int64_t>(found->second.size());
    } else {
      status->exists = status->is_directory = !names_in(path).empty();
    }
    return 0;
  }
  int status_of_link(const std::string&, bool* is_link) override {
    *is_link = false;
    return 0;
  }
  int list(const std::string& path, std::vector<std::string>* names) override {
    *names = names_in(path);
    return names->empty() ? fail(ENOENT) : 0;
  }
  void* map(int file, std::size_t size) override {
    const std::string& bytes = *opened_.at(static_cast<std::size_t>(file - kFirstFile)).bytes;
    void* copy = std::malloc(size);
    if (copy) std::memcpy(copy, bytes.data(), std::min(size, bytes.size()));
    return copy;
  }
  int unmap(void* bytes, std::size_t) override {
    std::free(bytes);
    return 0;
  }

 private:
  struct Opened {
    const std::string* bytes;
    std::size_t at;
  };
  static constexpr int kFirstFile = 1000;

  static int fail(int error) {
    errno = error;
    return -1;
  }
  std::vector<std::string> names_in(const std::string& folder) const {
    const std::string before = io::join_path(folder, "");
    std::vector<std::string> names;
    for (auto at = files_.lower_bound(before); at != files_.end() && at->first.starts_with(before);
         ++at) {
      std::string name = at->first.substr(before.size());
      name.resize(std::min(name.find('/'), name.size()));
      if (names.empty() || names.back() != name) names.push_back(name);
    }
    return names;
  }

  Content files_;
  std::vector<Opened> opened_;
};

}  // namespace fastformer
