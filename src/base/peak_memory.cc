// The peak of resident memory in Linux's /proc.
#include "base/peak_memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <fstream>
#include <string_view>

#include "base/strings.h"

namespace fastformer {

std::int64_t peak_memory(const std::string& process) {
  constexpr std::string_view kKey = "VmHWM:";  // "VmHWM:    1234 kB"
  std::ifstream lines("/proc/" + process + "/status");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kKey)) continue;
    const std::string_view value = trim(std::string_view(line).substr(kKey.size()));
    return parse_int(value.substr(0, value.find(' '))).value_or(0) * 1024;
  }
  return 0;
}

void reset_peak_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ofstream file("/proc/self/clear_refs");
  file << "5\n";
}

}  // namespace fastformer
