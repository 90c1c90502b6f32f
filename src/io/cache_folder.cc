// Files appear by a rename and go by their age.
#include "io/cache_folder.h"

#include <fastformer/error.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/log.h"

namespace fastformer::io {
namespace {

// All that is in a cache is called so; nothing else there is touched.
constexpr char kBeginning[] = "fastformer-";
constexpr char kParts[] = ".parts", kNote[] = ".note", kUnfinished[] = ".unfinished";
constexpr std::size_t kLongestNote = 4096;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Whether a file may go when room is needed: one that is being written only when nobody can be
// writing it any more.
bool may_go(const std::string& name, const FileStatus& status) {
  constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1'000'000'000;
  if (!name.starts_with(kBeginning) || !status.is_regular) return false;
  if (name.ends_with(kUnfinished)) return now() - status.modified_ns > kDay;
  return name.ends_with(kParts) || name.ends_with(kNote);
}

}  // namespace

CacheFolder::CacheFolder(std::string folder, std::string scratch, std::int64_t most_bytes)
    : folder_(std::move(folder)), scratch_(std::move(scratch)), most_bytes_(most_bytes) {
  for (const std::string& name : list_directory(scratch_)) {
    if (name.ends_with(kUnfinished)) remove_file(join_path(scratch_, name));
  }
}

std::string CacheFolder::file(const std::string& name, const char* ending) const {
  return join_path(folder_, kBeginning + name + ending);
}

std::string CacheFolder::unfinished(const std::string& folder, const std::string& name) const {
  return join_path(folder, kBeginning + name + "." + std::to_string(::getpid()) + "-" +
                               std::to_string(now()) + kUnfinished);
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
    operations().touch(path);  // where that is not allowed it goes sooner
    own_.insert(path);
    return found;
  } catch (const Error& error) {
    log_warning(std::string(error.what()) + ": it is made anew");
  }
  operations().unlink(path);  // else the new one takes its name
  return nullptr;
}

std::shared_ptr<const PartFile> CacheFolder::made_at(const std::string& path, const Write& write,
                                                     const std::string& final_path,
                                                     bool& cannot_write) const {
  const bool is_to_stay = !final_path.empty();
  std::optional<PartFileWriter> writer;
  cannot_write = true;
  try {
    if (is_to_stay) {
      make_private_directories(folder_);
      writer.emplace(path, static_cast<std::uint64_t>(most_bytes_));
    } else {
      writer.emplace(path);
    }
    cannot_write = false;
    const bool may_stay = write(*writer);
    cannot_write = true;
    writer->finish();
    auto made = std::make_shared<const PartFile>(path);
    const bool stays = is_to_stay && may_stay && operations().rename(path, final_path) == 0;
    if (!stays) remove_file(path);
    return made;
  } catch (...) {
    cannot_write = cannot_write || writer->has_failed();
    operations().unlink(path);
    throw;
  }
}

std::shared_ptr<const PartFile> CacheFolder::made_to_stay(const std::string& name,
                                                          const Write& write,
                                                          bool& cannot_write) const {
  const std::string path = file(name, kParts);
  const auto make = [&] {
    auto made = made_at(unfinished(folder_, name), write, path, cannot_write);
    own_.insert(path);
    make_room(path);
    return made;
  };
  try {
    return make();
  } catch (const NoSpaceError&) {
    if (!cannot_write || !remove_others()) throw;
    log_warning(folder_ + ": the disk is full; what earlier runs kept is removed");
  }
  return make();
}

std::shared_ptr<const PartFile> CacheFolder::make(const std::string& name, const Write& write,
                                                  bool keep) const {
  bool cannot_write = false;
  if (keep && keeps()) {
    try {
      return made_to_stay(name, write, cannot_write);
    } catch (const Error& error) {
      if (!cannot_write) throw;
      log_warning(std::string(error.what()) + ": nothing is kept for the next run");
    }
  }
  return made_at(unfinished(scratch_, name), write, "", cannot_write);
}

std::vector<CacheFolder::Kept> CacheFolder::kept_files() const {
  std::vector<Kept> files;
  for (const std::string& name : list_directory(folder_)) {
    const std::string path = join_path(folder_, name);
    const FileStatus status = status_of(path);
    if (!may_go(name, status)) continue;
    files.push_back({path, status.modified_ns, status.size, name.ends_with(kNote)});
  }
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  return files;
}

void CacheFolder::make_room(const std::string& newest) const try {
  const std::vector<Kept> files = kept_files();
  std::int64_t bytes = 0;
  for (const Kept& kept : files) bytes += kept.bytes;
  for (const Kept& oldest : files) {
    if (bytes <= most_bytes_) break;
    if (oldest.path == newest) continue;
    remove_file(oldest.path);
    bytes -= oldest.bytes;
  }
} catch (const Error& error) {
  log_warning(error.what());
}

bool CacheFolder::remove_others() const try {
  bool was_there = false;
  for (const Kept& kept : kept_files()) {
    if (kept.is_note || own_.contains(kept.path)) continue;
    remove_file(kept.path);
    was_there = true;
  }
  return was_there;
} catch (const Error& error) {
  log_warning(error.what());
  return false;
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
  const std::string path = unfinished(folder_, name);
  try {
    make_private_directories(folder_);
    OutputFile note(path, /*append=*/false, /*mode=*/0600);
    note.write(text);
    note.close();
    if (operations().rename(path, file(name, kNote)) == 0) return;
  } catch (const Error&) {
    // It is only a shortcut.
  }
  operations().unlink(path);
}

std::string program_stamp() {
  const FileStatus status = status_of("/proc/self/exe");
  return std::to_string(status.size) + " " + std::to_string(status.modified_ns);
}

}  // namespace fastformer::io
