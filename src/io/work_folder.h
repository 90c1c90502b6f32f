// A folder that appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::io {

// Work on the folder `path` happens in its sibling `path + suffix`, which commit() renames. A
// folder that is not committed stays, so that nothing is lost, unless discard() removes it.
class WorkFolder {
 public:
  // Creates the working folder. Throws when `path` or the working folder exists.
  WorkFolder(std::string path, const std::string& suffix);

  const std::string& final_path() const { return path_; }
  const std::string& path() const { return work_; }
  std::string file(std::string_view name) const;

  // Syncs every file in the folder and the folder itself, then renames it to its final name.
  void commit();
  void discard();

 private:
  std::string path_;
  std::string work_;
};

}  // namespace fastformer::io
