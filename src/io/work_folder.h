// A folder that appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::io {

// Whether work begins, or goes on in a working folder that was left.
enum class WorkStart { kNew, kAgain };

// Work on the folder `path` happens in its sibling `path + suffix`, which commit() renames. A
// folder that is not committed stays, so that nothing is lost, unless discard() removes it.
class WorkFolder {
 public:
  // Creates the working folder, or takes up the one that is there. Throws when the name `path` is
  // taken, when the working folder is there or not there against `start`, when another process
  // works in it, and when the folder around them is missing. A new working folder's name is
  // durable. `advice` is for one that a run left there.
  WorkFolder(const std::string& path, const std::string& suffix, WorkStart start = WorkStart::kNew,
             const std::string& advice = "Remove it, or choose another output folder");

  const std::string& final_path() const { return path_; }
  const std::string& path() const { return work_; }
  std::string file(std::string_view name) const;

  // Syncs every file in the folder and the folder itself, then renames it to its final name.
  // An Error names the working folder when that is still there.
  void commit();
  // Removes the working folder as far as that is possible.
  void discard() noexcept;

 private:
  // The working folder, open, which keeps other processes out.
  class Lock {
   public:
    Lock() = default;
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    // Whether no other process has it.
    bool take(const std::string& folder);

   private:
    int file_ = -1;
  };

  std::string path_;
  std::string work_;
  Lock lock_;
};

}  // namespace fastformer::io
