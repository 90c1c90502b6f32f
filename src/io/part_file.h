// Files of named arrays, written front to back and read where they lie in a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/digest.h"
#include "io/files.h"

namespace fastformer::io {

// Writes the parts one after the other. The bytes are those of this machine: such files are kept
// beside it, not sent around.
class PartFileWriter {
 public:
  // For its owner alone; no more than `most_bytes` are written.
  explicit PartFileWriter(const std::string& path,
                          std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max());

  // What is written from here on is in the part `name`, of at most 31 characters, each name once.
  void begin(const std::string& name);
  void write(std::string_view bytes);
  template <typename T>
  void write_values(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    write({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  // A part at once.
  template <typename T>
  void add(const std::string& name, std::span<const T> values) {
    begin(name);
    write_values(values);
  }
  void add(const std::string& name, std::string_view bytes) {
    begin(name);
    write(bytes);
  }

  // Ends the file. Without it the file is not one that can be read.
  void finish();
  // Whether the file could not be written, so that what was thrown is about the place.
  bool has_failed() const { return has_failed_; }

 private:
  struct Part {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  void append(std::string_view bytes);
  void put(std::string_view bytes);
  void flush();
  void pad();

  OutputFile file_;
  std::uint64_t most_bytes_;
  std::string buffer_;
  Digest digest_;
  std::uint64_t size_ = 0;
  std::map<std::string, Part> parts_;
  std::string current_;
  bool has_failed_ = false;
};

// A finished file in memory. Reading it throws an Error when it was cut or changed in any place;
// all of it is read once for that.
class PartFile {
 public:
  explicit PartFile(const std::string& path);

  // The bytes of a part, or an Error.
  std::string_view bytes(const std::string& name) const;
  // The same as values; an Error when they do not fill the part.
  template <typename T>
  std::span<const T> values(const std::string& name) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::string_view found = bytes(name);
    check_size(name, found.size(), sizeof(T));
    return {reinterpret_cast<const T*>(found.data()), found.size() / sizeof(T)};
  }
  // Throws an Error unless what the parts say of each other holds.
  void check(bool holds) const;
  const std::string& path() const { return path_; }
  // Lets go of the memory that holds what was read so far, where that is much; it is read again
  // when it is looked at.
  void release() const;

 private:
  void check_size(const std::string& name, std::size_t size, std::size_t unit) const;

  std::string path_;
  MappedFile file_;
  std::map<std::string, std::string_view> parts_;
};

}  // namespace fastformer::io
