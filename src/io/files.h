// Whole files and folders: read, written atomically and durably, mapped.
#pragma once

#include <fastformer/error.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/operations.h"

namespace fastformer::io {

// The disk, or what its user may have of it, is full.
class NoSpaceError : public Error {
 public:
  using Error::Error;
};

// Facts about `path`; a missing path is not an error. Throws when they cannot be had.
FileStatus status_of(const std::string& path);
bool exists(const std::string& path);
bool is_directory(const std::string& path);
// Whether the name is taken, be it by a link that leads nowhere.
bool is_taken(const std::string& path);
std::vector<std::string> list_directory(const std::string& path);
void make_directory(const std::string& path);
// Makes the folder, for its owner alone, and those around it that are missing.
void make_private_directories(const std::string& path);
void remove_file(const std::string& path);
// Removes a folder and all that is in it; a missing one is fine. Does not follow links.
void remove_tree(const std::string& path);
// Renames and makes the new name durable.
void rename_durably(const std::string& from, const std::string& to);
// Makes the names in a folder durable (fsync of the folder).
void sync_directory(const std::string& path);

std::string join_path(std::string_view folder, std::string_view name);
// "a/b" of "a/b/"; the root stays "/".
std::string_view without_final_slashes(std::string_view path);
// The last component, "c" of "a/b/c" and of "a/b/c/".
std::string base_name(std::string_view path);
// All before the last component, "." when there is nothing.
std::string parent_path(std::string_view path);

// The one path from the root, without links, "." and ".."; a missing file's path as it is.
std::string canonical_path(const std::string& path);

// The bytes of a regular file. Throws when it is larger than `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit = std::size_t{1} << 31);
// The same of what is read once and may come through a pipe, as of <(COMMAND).
std::string read_file_or_pipe(const std::string& path, std::size_t limit);

// Writes a file so that the name always holds the old bytes or all of the new ones: a sibling
// temporary file is written, synced and renamed, and the folder is synced.
void write_file_atomically(const std::string& path, std::string_view bytes);

// A file opened for writing; every error names the path. Not durable until sync().
class OutputFile {
 public:
  // Creates or empties the file; `append` keeps what is there. `mode`: who may read a new one.
  explicit OutputFile(std::string path, bool append = false, int mode = 0666);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void sync();
  // Closes and reports a late error; the destructor closes silently.
  void close();

 private:
  std::string path_;
  int file_ = -1;
};

// A read-only file in memory without copying it. An empty file gives an empty span.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Lets go of the memory that holds what was read so far; it is read again when it is looked at.
  void release() const;
  // Has these of its bytes, which are about to be read, in memory at once: else each page is a
  // fault of its own.
  void bring_in(std::span<const std::byte> bytes) const;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Throws an Error: "PATH: cannot WHAT: the system's REASON. ADVICE"; without one, the reason's.
[[noreturn]] void fail_with_errno(const std::string& what, const std::string& path,
                                  const std::string& advice = "");

}  // namespace fastformer::io
