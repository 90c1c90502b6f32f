// The one seam between this program and the operating system's files: tests replace it to inject
// faults.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fastformer::io {

// What fstat says about a path.
struct FileStatus {
  bool exists = false;
  bool is_directory = false;
  bool is_regular = false;
  std::int64_t size = 0;                // bytes
  std::int64_t modified_ns = 0;         // since the epoch
  std::int64_t changed_ns = 0;          // the same, and of changes to what is known of the file
  std::uint64_t device = 0, inode = 0;  // which file it is, whatever its name
};

// Calls of the operating system. Each returns what the call returns (-1 and errno on failure), so
// that a fault is a single overridden method. Interrupted calls are repeated by the callers.
class Operations {
 public:
  virtual ~Operations() = default;
  virtual int open(const std::string& path, int flags, int mode);
  virtual int close(int file);
  virtual ssize_t read(int file, void* bytes, std::size_t count);
  virtual ssize_t write(int file, const void* bytes, std::size_t count);
  virtual int fsync(int file);
  // Takes the file, which may be a folder, for this process alone; fails at once when another has
  // it.
  virtual int lock(int file);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int unlink(const std::string& path);
  virtual int make_directory(const std::string& path);
  // For its owner alone.
  virtual int make_private_directory(const std::string& path);
  virtual int remove_directory(const std::string& path);
  virtual int status(const std::string& path, FileStatus* status);
  // Whether the path is itself a symbolic link; a missing one is not.
  virtual int status_of_link(const std::string& path, bool* is_link);
  // Names in a directory, sorted, without "." and "..".
  virtual int list(const std::string& path, std::vector<std::string>* names);
  // A private read-only mapping; nullptr and errno on failure. `size` is positive.
  virtual void* map(int file, std::size_t size);
  // Memory of zeros; memory that is written to a file; a mapping in another size, maybe elsewhere.
  virtual void* map_memory(std::size_t size);
  virtual void* map_shared(int file, std::size_t size);
  virtual void* grow(void* bytes, std::size_t size, std::size_t wanted);
  // Makes the file that long, with room on the disk for it.
  virtual int allocate(int file, std::size_t size);
  virtual int unmap(void* bytes, std::size_t size);
  // Lets the system take back the pages of a mapping.
  virtual int release(void* bytes, std::size_t size);
  // Lets the system read pages of a mapping ahead, from the page in which they begin.
  virtual int read_ahead(void* bytes, std::size_t size);
  // Maps pages that are about to be read at once, from the page in which they begin.
  virtual int map_ahead(void* bytes, std::size_t size);
  // Sets the time of the last change to now.
  virtual int touch(const std::string& path);
};

// The operations in use: the real ones unless a test put others in their place.
Operations& operations();

// Puts `replacement` in place until the scope ends. Not thread-safe.
class ScopedOperations {
 public:
  explicit ScopedOperations(Operations* replacement);
  ~ScopedOperations();
  ScopedOperations(const ScopedOperations&) = delete;
  ScopedOperations& operator=(const ScopedOperations&) = delete;

 private:
  Operations* previous_;
};

}  // namespace fastformer::io
