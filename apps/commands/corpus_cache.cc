// The user's cache folder.
#include "commands/corpus_cache.h"

#include <fastformer/error.h>

#include <cstdlib>

#include "base/available_memory.h"
#include "base/strings.h"
#include "io/files.h"

namespace fastformer::apps {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// As the XDG base directory specification says; nothing where there is no home.
std::string usual_folder() {
  if (const std::string cache = variable("XDG_CACHE_HOME"); cache.starts_with('/')) {
    return io::join_path(cache, "fastformer/corpora");
  }
  const std::string home = variable("HOME");
  return home.empty() ? "" : io::join_path(home, ".cache/fastformer/corpora");
}

}  // namespace

void CacheOptions::describe(config::OptionSet& options) {
  options
      .add("corpus-cache", &folder, "auto|off|DIR",
           "where rows and token ids are kept for the next run; auto: in the user's cache folder")
      .add("corpus-cache-size", &megabytes, {0, 1e9},
           "megabytes that it may take; what has not been used for longest goes first")
      .add("largest-array", &array_megabytes, {0, 1e9},
           "megabytes of n-gram counts and the like that are held in memory; more go to a file "
           "beside the output; 0: an eighth of what is free");
}

io::CacheFolder CacheOptions::open(const std::string& scratch) const {
  const std::string path = folder == "auto" ? usual_folder() : folder == "off" ? "" : folder;
  if (path == folder && path.find('/') == path.npos && !path.empty() && !io::exists(path)) {
    throw usage_error("there is no folder \"" + printable(path) + "\"", "--corpus-cache",
                      "Give auto, off, or a folder; ./" + printable(path) + " makes it");
  }
  return {path, scratch, megabytes * 1'000'000};
}

io::SpillPlace CacheOptions::spill(const std::string& scratch) const {
  const std::int64_t usual = available_memory().value_or(std::int64_t{1} << 30) / 8;
  return {scratch,
          static_cast<std::size_t>(array_megabytes > 0 ? array_megabytes * 1'000'000 : usual)};
}

}  // namespace fastformer::apps
