// fastformer: the lean program; commands that need libtorch are handed to fastformer-train beside
// it.
#include <fastformer/error.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "io/files.h"

namespace fastformer::apps {
namespace {

// The folder of the running program, by way of /proc so that links and PATH do not matter.
std::string program_folder() {
  std::string path(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return ".";
  path.resize(static_cast<std::size_t>(length));
  return io::parent_path(path);
}

// Becomes fastformer-train, so that signals arrive there and its exit code is this program's.
int hand_over(const std::string& command, Arguments arguments) {
  const std::string program = io::join_path(program_folder(), "fastformer-train");
  std::vector<std::string> words = {program, command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  flush_output();
  execv(program.c_str(), pointers.data());
  throw Error("cannot start it: " + std::string(std::strerror(errno)), program,
              "\"fastformer " + command +
                  "\" needs fastformer-train beside fastformer: build with "
                  "libtorch (scripts/build.sh)");
}

int hand_over_train(Arguments arguments) { return hand_over("train", arguments); }
int hand_over_pretrain(Arguments arguments) { return hand_over("pretrain", arguments); }

}  // namespace
}  // namespace fastformer::apps

int main(int argc, char** argv) {
  using namespace fastformer::apps;
  constexpr Command kCommands[] = {
      {"train", "train a model on labelled text", hand_over_train},
      {"pretrain", "teach an encoder on text without labels", hand_over_pretrain},
      {"evaluate", "measure a model on labelled text", run_evaluate},
      {"predict", "label text", run_predict},
      {"quantize", "make a model smaller and faster by rounding its weights", run_quantize},
      {"bench", "measure a model's speed and the machine's", run_bench},
      {"data", "check labelled files before training on them", run_data},
      {"inspect", "show what a model folder holds", run_inspect},
      {"import", "make a model folder from the authors' PyTorch weights", run_import},
  };
  return run_program("fastformer", kCommands, argc, argv);
}
