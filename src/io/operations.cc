// The real calls of the operating system.
#include "io/operations.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace fastformer::io {
namespace {

Operations* replaced = nullptr;

int advise_from_page(void* bytes, std::size_t size, int advice) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t skipped = reinterpret_cast<std::uintptr_t>(bytes) % page;
  return ::madvise(static_cast<char*>(bytes) - skipped, size + skipped, advice);
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void* mapped(void* bytes) { return bytes == MAP_FAILED ? nullptr : bytes; }

}  // namespace

int Operations::open(const std::string& path, int flags, int mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}
int Operations::close(int file) { return ::close(file); }
ssize_t Operations::read(int file, void* bytes, std::size_t count) {
  return ::read(file, bytes, count);
}
ssize_t Operations::write(int file, const void* bytes, std::size_t count) {
  return ::write(file, bytes, count);
}
int Operations::fsync(int file) { return ::fsync(file); }
int Operations::lock(int file) { return ::flock(file, LOCK_EX | LOCK_NB); }
int Operations::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}
int Operations::unlink(const std::string& path) { return ::unlink(path.c_str()); }
int Operations::make_directory(const std::string& path) { return ::mkdir(path.c_str(), 0777); }
int Operations::make_private_directory(const std::string& path) {
  return ::mkdir(path.c_str(), 0700);
}
int Operations::remove_directory(const std::string& path) { return ::rmdir(path.c_str()); }

int Operations::status(const std::string& path, FileStatus* status) {
  struct stat facts;
  *status = {};
  if (::stat(path.c_str(), &facts) != 0) return errno == ENOENT ? 0 : -1;
  status->exists = true;
  status->is_directory = S_ISDIR(facts.st_mode);
  status->is_regular = S_ISREG(facts.st_mode);
  status->size = facts.st_size;
  status->device = facts.st_dev;
  status->inode = facts.st_ino;
  status->modified_ns = nanoseconds(facts.st_mtim);
  status->changed_ns = nanoseconds(facts.st_ctim);
  return 0;
}

int Operations::status_of_link(const std::string& path, bool* is_link) {
  struct stat facts;
  *is_link = false;
  if (::lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? 0 : -1;
  *is_link = S_ISLNK(facts.st_mode);
  return 0;
}

int Operations::list(const std::string& path, std::vector<std::string>* names) {
  DIR* directory = ::opendir(path.c_str());
  if (!directory) return -1;
  names->clear();
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names->push_back(name);
  }
  const int error = errno;
  ::closedir(directory);
  if (error != 0) {
    errno = error;
    return -1;
  }
  std::sort(names->begin(), names->end());
  return 0;
}

void* Operations::map(int file, std::size_t size) {
  return mapped(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0));
}
void* Operations::map_memory(std::size_t size) {
  return mapped(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
void* Operations::map_shared(int file, std::size_t size) {
  return mapped(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
}
void* Operations::grow(void* bytes, std::size_t size, std::size_t wanted) {
  return mapped(::mremap(bytes, size, wanted, MREMAP_MAYMOVE));
}
int Operations::allocate(int file, std::size_t size) {
  const int error = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  if (error == 0) return 0;
  errno = error;
  return -1;
}
int Operations::unmap(void* bytes, std::size_t size) { return ::munmap(bytes, size); }
int Operations::release(void* bytes, std::size_t size) {
  return ::madvise(bytes, size, MADV_DONTNEED);
}
int Operations::read_ahead(void* bytes, std::size_t size) {
  return advise_from_page(bytes, size, MADV_WILLNEED);
}
int Operations::map_ahead(void* bytes, std::size_t size) {
#ifdef MADV_POPULATE_READ
  return advise_from_page(bytes, size, MADV_POPULATE_READ);
#else
  return advise_from_page(bytes, size, MADV_WILLNEED);
#endif
}
int Operations::touch(const std::string& path) {
  return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

Operations& operations() {
  static Operations real;
  return replaced ? *replaced : real;
}

ScopedOperations::ScopedOperations(Operations* replacement) : previous_(replaced) {
  replaced = replacement;
}
ScopedOperations::~ScopedOperations() { replaced = previous_; }

}  // namespace fastformer::io
