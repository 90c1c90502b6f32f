// Runs a fuzz target on the files of a folder and on what is left when their ends are cut off, then
// on the files of a second folder as they are.
//
//   TARGET_fuzz SEEDS LEARNT
#include <cstdio>
#include <string>

#include "io/files.h"
#include "target.h"

namespace {

using namespace fastformer;

void run_one(const std::string& bytes) {
  try {
    fuzz::run(bytes);
  } catch (const Error&) {
    // The clear word that bad input is to get.
  }
}

// Returns how many inputs that were.
int run_and_cut(const std::string& bytes) {
  const std::size_t step = bytes.size() / 200 + 1;
  int inputs = 0;
  for (std::size_t size = bytes.size();; size -= step) {
    run_one(bytes.substr(0, size));
    ++inputs;
    if (size < step) return inputs;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int cut = 0, learnt = 0;
  for (const std::string& name : io::list_directory(argv[1])) {
    cut += run_and_cut(io::read_file(io::join_path(argv[1], name)));
  }
  if (io::is_directory(argv[2])) {  // not there for a new target
    for (const std::string& name : io::list_directory(argv[2])) {
      run_one(io::read_file(io::join_path(argv[2], name)));
      ++learnt;
    }
  }
  std::printf("%d inputs from seeds, %d learnt\n", cut, learnt);
  return cut > 0 ? 0 : 1;
}
