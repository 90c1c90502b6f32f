// A folder that appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::io {

// Work on the folder `path` happens in its sibling `path + suffix`, which commit() renames. A
// folder that is not committed stays, so that nothing is lost, unless discard() removes it.
class WorkFolder {
 public:
  // Creates the working folder. Throws when the name `path` or that of the working folder is taken,
  // and when the folder around them is missing.
  WorkFolder(const std::string& path, const std::string& suffix);

  const std::string& final_path() const { return path_; }
  const std::string& path() const { return work_; }
  std::string file(std::string_view name) const;

  // Syncs every file in the folder and the folder itself, then renames it to its final name.
  // An Error names the working folder when that is still there.
  void commit();
  // Removes the working folder as far as that is possible.
  void discard() noexcept;

 private:
  std::string path_;
  std::string work_;
};

}  // namespace fastformer::io
