// A bounded folder of files that can be made again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/part_file.h"

namespace fastformer::io {

// Files in it may be removed or damaged at any time: then they are made anew. What has not been
// used for longest goes first. Several processes may use one folder, one thread each.
class CacheFolder {
 public:
  // `folder`: where files are kept, made when something is; empty keeps none. `scratch`: a folder
  // for those that are not kept; they vanish with their last reader.
  CacheFolder(std::string folder, std::string scratch, std::int64_t most_bytes);

  using Write = std::function<bool(PartFileWriter&)>;

  bool keeps() const { return !folder_.empty(); }
  const std::string& folder() const { return folder_; }
  std::int64_t most_bytes() const { return most_bytes_; }

  // The file of this name, or nullptr. One that is damaged is removed.
  std::shared_ptr<const PartFile> find(const std::string& name) const;
  // Makes it: `write` fills it, says whether it may be kept, and may be called three times. Where
  // the disk is full, what earlier runs kept makes room; a folder that cannot be written to is a
  // warning, and the scratch folder takes its place. `keep` false: the scratch folder at once.
  std::shared_ptr<const PartFile> make(const std::string& name, const Write& write,
                                       bool keep = true) const;

  // A short text that is kept under a name, if it is there.
  std::optional<std::string> note(const std::string& name) const;
  void set_note(const std::string& name, const std::string& text) const;

 private:
  // The file, kept under its name.
  std::shared_ptr<const PartFile> made_to_stay(const std::string& name, const Write& write,
                                               bool& cannot_write) const;
  // `final_path` empty: the file is removed when it is mapped.
  std::shared_ptr<const PartFile> made_at(const std::string& path, const Write& write,
                                          const std::string& final_path, bool& cannot_write) const;
  std::string unfinished(const std::string& folder, const std::string& name) const;
  struct Kept {
    std::string path;
    std::int64_t used = 0;  // time of it
    std::int64_t bytes = 0;
    bool is_note = false;
  };
  // What may go, the longest unused first.
  std::vector<Kept> kept_files() const;
  // Removes the longest unused until all take no more than they may; `newest` stays.
  void make_room(const std::string& newest) const;
  // Removes all that this object has neither found nor made; returns whether anything was there.
  // Its own files stay: as they are mapped, their bytes would not be free.
  bool remove_others() const;
  std::string file(const std::string& name, const char* ending) const;

  std::string folder_, scratch_;
  std::int64_t most_bytes_;
  mutable std::set<std::string> own_;  // paths of what was found and made
};

// Differs between builds of the running program: its file's size and time of change.
std::string program_stamp();

}  // namespace fastformer::io
