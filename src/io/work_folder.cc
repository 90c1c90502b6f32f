// Creation and commit of a working folder.
#include "io/work_folder.h"

#include <fastformer/error.h>
#include <fcntl.h>

#include <cerrno>

#include "io/files.h"

namespace fastformer::io {
namespace {

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

WorkFolder::WorkFolder(const std::string& path, const std::string& suffix, WorkStart start,
                       const std::string& advice)
    : path_(without_final_slashes(path)), work_(path_ + suffix) {
  if (path_.empty()) throw usage_error("the output folder has no name");
  if (is_taken(path_)) {
    throw Error("exists already", path_, "Remove it or choose another output folder");
  }
  const bool is_there = is_taken(work_);
  if (is_there && (!is_directory(work_) || !lock_.take(work_))) {
    throw Error("exists already: another run is writing it", work_, "Choose another output folder");
  }
  if (start == WorkStart::kAgain) {
    if (!is_there) throw Error("there is no run to go on with", work_, "Leave out --resume");
    return;
  }
  if (is_there) {
    throw Error("exists already: a run that was stopped left it", work_, advice);
  }
  const std::string parent = parent_path(path_);
  if (!exists(parent)) {
    throw Error("no such folder", parent, "Create it, or choose another output folder");
  }
  make_directory(work_);
  try {
    if (!lock_.take(work_)) throw Error("another run has just taken it", work_);
    sync_directory(parent);  // what is kept in the folder is lost without the folder's own name
  } catch (...) {
    operations().remove_directory(work_);
    throw;
  }
}

WorkFolder::Lock::~Lock() {
  if (file_ >= 0) operations().close(file_);
}

bool WorkFolder::Lock::take(const std::string& folder) {
  file_ = operations().open(folder, O_RDONLY | O_DIRECTORY, 0);
  if (file_ < 0) fail_with_errno("open it", folder);
  if (operations().lock(file_) == 0) return true;
  if (errno != EWOULDBLOCK) fail_with_errno("lock it", folder);
  return false;
}

std::string WorkFolder::file(std::string_view name) const { return join_path(work_, name); }

void WorkFolder::commit() {
  try {
    for (const std::string& name : list_directory(work_)) sync_file(file(name));
    sync_directory(work_);
    rename_durably(work_, path_);
  } catch (const Error& error) {
    if (!exists(work_)) throw;
    throw Error(error.what(), "", "All that was to be in " + path_ + " is kept in " + work_);
  }
}

void WorkFolder::discard() noexcept {
  try {
    remove_tree(work_);
  } catch (const Error&) {
    // What made the folder useless is told instead.
  }
}

}  // namespace fastformer::io
