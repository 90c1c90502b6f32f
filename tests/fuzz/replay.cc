// Runs a fuzz target on the files of a folder, and on what is left when their ends are cut off.
#include <cstdio>
#include <string>

#include "io/files.h"
#include "target.h"

namespace {

void run_one(const std::string& bytes) {
  try {
    fastformer::fuzz::run(bytes);
  } catch (const fastformer::Error&) {
    // The clear word that bad input is to get.
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace fastformer;
  int inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const std::string& name : io::list_directory(argv[i])) {
      const std::string bytes = io::read_file(io::join_path(argv[i], name));
      const std::size_t step = bytes.size() / 200 + 1;
      for (std::size_t size = bytes.size();; size -= step) {
        run_one(bytes.substr(0, size));
        ++inputs;
        if (size < step) break;
      }
    }
  }
  std::printf("%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
