// Creation and commit of a working folder.
#include "io/work_folder.h"

#include <fastformer/error.h>
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "io/files.h"

namespace fastformer::io {
namespace {

std::string without_final_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

void sync_file(const std::string& path) {
  const int file = operations().open(path, O_RDONLY, 0);
  if (file < 0) fail_with_errno("open it", path);
  const int result = operations().fsync(file);
  const int error = errno;
  operations().close(file);
  errno = error;
  if (result != 0) fail_with_errno("sync it", path);
}

}  // namespace

WorkFolder::WorkFolder(std::string path, const std::string& suffix)
    : path_(without_final_slash(std::move(path))), work_(path_ + suffix) {
  if (path_.empty()) throw usage_error("the output folder has no name");
  if (exists(path_)) {
    throw Error("exists already", path_, "Remove it or choose another output folder");
  }
  if (exists(work_)) {
    throw Error("exists already: another run is writing it, or one was stopped", work_,
                "Remove it when no run is writing it, or choose another output folder");
  }
  make_directory(work_);
}

std::string WorkFolder::file(std::string_view name) const { return join_path(work_, name); }

void WorkFolder::commit() {
  for (const std::string& name : list_directory(work_)) sync_file(file(name));
  sync_directory(work_);
  rename_durably(work_, path_);
}

void WorkFolder::discard() { remove_tree(work_); }

}  // namespace fastformer::io
