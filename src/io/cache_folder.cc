// Files appear by a rename and go by their age.
#include "io/cache_folder.h"

#include <fastformer/error.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"

namespace fastformer::io {
namespace {

// All that is in a cache has one of these endings; nothing else there is touched.
constexpr char kParts[] = ".parts", kNote[] = ".note", kUnfinished[] = ".unfinished";
constexpr std::size_t kLongestNote = 4096;

bool is_ours(const std::string& name) {
  return name.ends_with(kParts) || name.ends_with(kNote) || name.ends_with(kUnfinished);
}

}  // namespace

CacheFolder::CacheFolder(std::string folder, std::string scratch, std::int64_t most_bytes)
    : folder_(std::move(folder)), scratch_(std::move(scratch)), most_bytes_(most_bytes) {
  for (const std::string& name : list_directory(scratch_)) {
    if (name.ends_with(kUnfinished)) remove_file(join_path(scratch_, name));
  }
}

std::string CacheFolder::file(const std::string& name, const char* ending) const {
  return join_path(folder_, name + ending);
}

std::shared_ptr<const PartFile> CacheFolder::find(const std::string& name) const {
  if (!keeps()) return nullptr;
  const std::string path = file(name, kParts);
  try {
    if (!exists(path)) return nullptr;
  } catch (const Error&) {
    return nullptr;  // make() says what is wrong with the folder
  }
  try {
    auto found = std::make_shared<const PartFile>(path);
    touch(path);
    return found;
  } catch (const Error& error) {
    log_warning(std::string(error.what()) + ": it is made anew");
  }
  try {
    remove_file(path);
  } catch (const Error&) {
    // The new one takes its name.
  }
  return nullptr;
}

std::shared_ptr<const PartFile> CacheFolder::made_at(
    const std::string& path, const std::function<void(PartFileWriter&)>& write,
    const std::string& final_path, bool& cannot_write) const {
  std::optional<PartFileWriter> writer;
  try {
    try {
      writer.emplace(path);
    } catch (const Error&) {
      cannot_write = true;
      throw;
    }
    write(*writer);
    writer->finish();
    auto made = std::make_shared<const PartFile>(path);
    const bool is_kept = !final_path.empty() && status_of(path).size <= most_bytes_ &&
                         operations().rename(path, final_path) == 0;
    if (!is_kept) remove_file(path);
    return made;
  } catch (const Error&) {
    cannot_write = cannot_write || writer->has_failed();
    operations().unlink(path);
    throw;
  }
}

std::shared_ptr<const PartFile> CacheFolder::make(const std::string& name,
                                                  const std::function<void(PartFileWriter&)>& write,
                                                  bool keep) const {
  const std::string unfinished = name + "." + std::to_string(::getpid()) + kUnfinished;
  bool cannot_write = false;
  if (keep && keeps()) {
    try {
      cannot_write = true;
      make_private_directories(folder_);
      cannot_write = false;
      auto made = made_at(join_path(folder_, unfinished), write, file(name, kParts), cannot_write);
      make_room(name + kParts);
      return made;
    } catch (const Error& error) {
      if (!cannot_write) throw;
      log_warning(std::string(error.what()) + ": nothing is kept for the next run");
    }
  }
  return made_at(join_path(scratch_, unfinished), write, "", cannot_write);
}

void CacheFolder::make_room(const std::string& kept) const {
  struct Found {
    std::int64_t used;
    std::int64_t bytes;
    std::string name;
  };
  std::vector<Found> files;
  std::int64_t bytes = 0;
  try {
    for (const std::string& name : list_directory(folder_)) {
      const FileStatus status = status_of(join_path(folder_, name));
      if (!is_ours(name) || !status.is_regular) continue;
      bytes += status.size;
      if (name != kept) files.push_back({status.modified_ns, status.size, name});
    }
    std::sort(files.begin(), files.end(),
              [](const Found& a, const Found& b) { return a.used < b.used; });
    for (const Found& oldest : files) {
      if (bytes <= most_bytes_) break;
      remove_file(join_path(folder_, oldest.name));
      bytes -= oldest.bytes;
    }
  } catch (const Error& error) {
    log_warning(error.what());
  }
}

std::optional<std::string> CacheFolder::note(const std::string& name) const {
  if (!keeps()) return {};
  try {
    const std::string path = file(name, kNote);
    if (!exists(path)) return {};
    return read_file(path, kLongestNote);
  } catch (const Error&) {
    return {};  // it is only a shortcut
  }
}

void CacheFolder::set_note(const std::string& name, const std::string& text) const {
  if (!keeps()) return;
  const std::string unfinished = file(name + "." + std::to_string(::getpid()), kUnfinished);
  try {
    make_private_directories(folder_);
    OutputFile note(unfinished);
    note.write(text);
    note.close();
    if (operations().rename(unfinished, file(name, kNote)) == 0) return;
  } catch (const Error&) {
    // It is only a shortcut.
  }
  operations().unlink(unfinished);
}

}  // namespace fastformer::io
