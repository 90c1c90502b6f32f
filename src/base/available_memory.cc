// /proc/meminfo and the files of control groups, of both versions.
#include "base/available_memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "base/strings.h"

namespace fastformer {
namespace {

using Bytes = std::optional<std::int64_t>;

// The first number of the line that begins with `key`.
Bytes number_after(const std::string& path, const std::string& key) {
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const std::string_view rest = trim(std::string_view(line).substr(key.size()));
    return parse_int(rest.substr(0, rest.find(' ')));
  }
  return {};
}

// The path of the process in the hierarchy whose line holds this field, or nothing.
std::optional<std::string> group_path(const std::string& path, const std::string& field) {
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(field);
    if (at != std::string::npos) return line.substr(at + field.size());
  }
  return {};
}

std::string around(const std::string& path) {
  return path.substr(0, std::min(path.rfind('/'), path.size()));
}

// What a limit leaves of itself.
Bytes left_of(const std::string& folder, const char* limit, const char* usage, const char* cache) {
  const Bytes most = number_after(folder + limit, "");  // "max" is no number
  const Bytes used = number_after(folder + usage, "");
  if (!most || !used) return {};
  const std::int64_t files = number_after(folder + "/memory.stat", cache).value_or(0);
  return std::max<std::int64_t>(0, *most - *used + files);
}

// What `ulimit -v` leaves.
Bytes left_of_address_space(const std::string& root) {
  rlimit limit{};
  const Bytes used = number_after(root + "/proc/self/status", "VmSize:");
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !used) return {};
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(limit.rlim_cur) - *used * 1024);
}

}  // namespace

Bytes available_memory(const std::string& root) {
  Bytes least;
  const auto consider = [&least](Bytes bytes) {
    if (bytes && (!least || *bytes < *least)) least = bytes;
  };
  const Bytes machine = number_after(root + "/proc/meminfo", "MemAvailable:");
  if (machine) consider(*machine * 1024);
  consider(left_of_address_space(root));
  const std::string groups = root + "/proc/self/cgroup", tree = root + "/sys/fs/cgroup";
  // A group is in those around it; inside a container its own files stand at the top of the tree.
  for (std::string path = group_path(groups, "0::").value_or("");; path = around(path)) {
    consider(left_of(tree + path, "/memory.max", "/memory.current", "file "));
    if (path.empty()) break;
  }
  for (std::string path = group_path(groups, ":memory:").value_or("");; path = around(path)) {
    consider(left_of(tree + "/memory" + path, "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                     "total_cache "));
    if (path.empty()) break;
  }
  return least;
}

Bytes available_memory() { return available_memory(""); }

}  // namespace fastformer
