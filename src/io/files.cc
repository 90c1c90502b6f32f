// Reading, writing, renaming and mapping files.
#include "io/files.h"

#include <fastformer/error.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/strings.h"

namespace fastformer::io {
namespace {

// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, int mode = 0) {
    do {
      file_ = operations().open(path, flags, mode);
    } while (file_ < 0 && errno == EINTR);
  }
  ~Descriptor() {
    if (file_ >= 0) operations().close(file_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return file_; }

 private:
  int file_;
};

bool is_link(const std::string& path) {
  bool is_link = false;
  if (operations().status_of_link(path, &is_link) != 0) fail_with_errno("look at it", path);
  return is_link;
}

std::string read_all(const std::string& path, const FileStatus& status, std::size_t limit) {
  if (!status.exists) throw Error("no such file", path, "Check its name and folder");
  if (status.is_directory) throw Error("is a folder, not a file", path);
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) fail_with_errno("open it", path);
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = operations().read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno("read it", path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > limit) {
      throw Error("is larger than the " + format_count(static_cast<std::int64_t>(limit)) +
                      " bytes allowed for it",
                  path);
    }
  }
}

// What to do about the system's reason, where the caller knows nothing better.
std::string advice_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "Free some space or choose another place";
    case EROFS:
      return "Choose another place";
    case EACCES:
    case EPERM:
      return "Check who may read and write there";
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return "Check the path";
    case EMFILE:
    case ENFILE:
      return "Close other files, or raise their number (ulimit -n)";
    case ENOMEM:
      return "Free some memory";
    case EFBIG:
      return "Raise the limit of a file's size (ulimit -f), or choose another place";
    default:
      return "";
  }
}

}  // namespace

void fail_with_errno(const std::string& what, const std::string& path, const std::string& given) {
  const int error = errno;
  const std::string said = "cannot " + what + ": " + std::strerror(error);
  const std::string advice = given.empty() ? advice_for(error) : given;
  if (error == ENOSPC || error == EDQUOT) throw NoSpaceError(said, path, advice);
  throw Error(said, path, advice);
}

FileStatus status_of(const std::string& path) {
  FileStatus status;
  if (operations().status(path, &status) != 0) fail_with_errno("look at it", path);
  return status;
}

bool exists(const std::string& path) { return status_of(path).exists; }
bool is_directory(const std::string& path) { return status_of(path).is_directory; }
bool is_taken(const std::string& path) { return is_link(path) || exists(path); }

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  if (operations().list(path, &names) != 0) fail_with_errno("list the folder", path);
  return names;
}

void make_directory(const std::string& path) {
  if (operations().make_directory(path) != 0) fail_with_errno("create the folder", path);
}

void make_private_directories(const std::string& path) {
  if (is_directory(path)) return;
  const std::string parent = parent_path(path);
  if (parent != path) make_private_directories(parent);
  // Another process may have been faster.
  if (operations().make_private_directory(path) != 0 && errno != EEXIST) {
    fail_with_errno("create the folder", path);
  }
}

void remove_file(const std::string& path) {
  if (operations().unlink(path) != 0 && errno != ENOENT) fail_with_errno("remove it", path);
}

void remove_tree(const std::string& path) {
  if (is_link(path) || !is_directory(path)) return remove_file(path);
  for (const std::string& name : list_directory(path)) remove_tree(join_path(path, name));
  if (operations().remove_directory(path) != 0) fail_with_errno("remove the folder", path);
}

void rename_durably(const std::string& from, const std::string& to) {
  if (operations().rename(from, to) != 0) fail_with_errno("rename it to " + to, from);
  sync_directory(parent_path(to));
}

void sync_directory(const std::string& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0) fail_with_errno("open the folder", path);
  // Some file systems cannot sync folders and say EINVAL; there is nothing more to do then.
  if (operations().fsync(folder.get()) != 0 && errno != EINVAL) {
    fail_with_errno("sync the folder", path);
  }
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path += name;
}

std::string_view without_final_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

std::string base_name(std::string_view path) {
  path = without_final_slashes(path);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string canonical_path(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> found(::realpath(path.c_str(), nullptr), &std::free);
  return found ? found.get() : path;
}

std::string parent_path(std::string_view path) {
  path = without_final_slashes(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? path.substr(0, 1) : path.substr(0, slash));
}

std::string read_file(const std::string& path, std::size_t limit) {
  const FileStatus status = status_of(path);
  // A pipe would be waited for.
  if (status.exists && !status.is_regular && !status.is_directory) {
    throw Error("is not a regular file", path, "Put a file in its place");
  }
  return read_all(path, status, limit);
}

std::string read_file_or_pipe(const std::string& path, std::size_t limit) {
  return read_all(path, status_of(path), limit);
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  try {
    OutputFile file(temporary);
    file.write(bytes);
    file.sync();
    file.close();
    rename_durably(temporary, path);
  } catch (...) {
    operations().unlink(temporary);
    throw;
  }
}

OutputFile::OutputFile(std::string path, bool append, int mode) : path_(std::move(path)) {
  do {
    // What is gone on with is no pipe, whose reader would be waited for.
    const int how = append ? O_APPEND | O_NONBLOCK : O_TRUNC;
    file_ = operations().open(path_, O_WRONLY | O_CREAT | how, mode);
  } while (file_ < 0 && errno == EINTR);
  if (file_ < 0) fail_with_errno("open it for writing", path_);
}

OutputFile::~OutputFile() {
  if (file_ >= 0) operations().close(file_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = operations().write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno("write it", path_);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void OutputFile::sync() {
  // Pipes and devices cannot be synced and say EINVAL.
  if (operations().fsync(file_) != 0 && errno != EINVAL) fail_with_errno("sync it", path_);
}

void OutputFile::close() {
  const int file = std::exchange(file_, -1);
  if (operations().close(file) != 0) fail_with_errno("close it", path_);
}

MappedFile::MappedFile(const std::string& path) {
  const FileStatus status = status_of(path);
  if (!status.exists) throw Error("no such file", path, "Check its name and folder");
  if (!status.is_regular) throw Error("is not a regular file", path, "Put a file in its place");
  if (status.size == 0) return;
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) fail_with_errno("open it", path);
  void* bytes = operations().map(file.get(), static_cast<std::size_t>(status.size));
  if (!bytes) fail_with_errno("map it into memory", path);
  data_ = static_cast<const std::byte*>(bytes);
  size_ = static_cast<std::size_t>(status.size);
}

MappedFile::~MappedFile() {
  if (data_) operations().unmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release() const {
  // A hint: where it is not taken, nothing is lost but memory.
  if (data_) operations().release(const_cast<std::byte*>(data_), size_);
}

void MappedFile::bring_in(std::span<const std::byte> bytes) const {
  // A hint, too.
  if (!bytes.empty()) {
    operations().map_ahead(const_cast<std::byte*>(bytes.data()), bytes.size());
  }
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace fastformer::io
