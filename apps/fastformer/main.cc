// fastformer: the lean program; what needs libtorch is handed to fastformer-train beside it.
#include <fastformer/error.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/encoder_branch.h"
#include "fastformer/heap_pages.h"
#include "io/files.h"
#include "model/encoder_choices.h"

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

std::string training_program() { return io::join_path(program_folder(), "fastformer-train"); }

// Becomes fastformer-train, so that signals arrive there and its exit code is this program's.
int hand_over(const std::string& command, Arguments arguments) {
  const std::string program = training_program();
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
int hand_over_compare(Arguments arguments) { return hand_over("compare", arguments); }
int hand_over_pretrain(Arguments arguments) { return hand_over("pretrain", arguments); }

// Runs a command on a model here, or in fastformer-train when the model's encoder is not known
// here, or its device. Commands open the model before they read or write anything else.
int on_any_model(const std::string& command, int (*run)(Arguments), Arguments arguments) {
  try {
    return run(arguments);
  } catch (const model::UnknownEncoder& error) {
    if (!io::exists(training_program())) throw;
    log_info("the model's encoder is " + printable(error.name()) + ": fastformer-train runs it");
  } catch (const NeedsTorch&) {
    if (!io::exists(training_program())) throw;
  }
  return hand_over(command, arguments);
}

int evaluate(Arguments arguments) { return on_any_model("evaluate", run_evaluate, arguments); }
int predict(Arguments arguments) {
  take_huge_pages();
  return on_any_model("predict", run_predict, arguments);
}
int inspect(Arguments arguments) { return on_any_model("inspect", run_inspect, arguments); }

// What is about the runtime, which has the one encoder.
int on_fastformer(const std::string& command, int (*run)(Arguments), Arguments arguments) {
  try {
    return run(arguments);
  } catch (const model::UnknownEncoder& error) {
    throw Error(
        "is for models with the Fastformer encoder, and this one's is " + printable(error.name()),
        "fastformer " + command);
  }
}

int quantize(Arguments arguments) { return on_fastformer("quantize", run_quantize, arguments); }
int bench(Arguments arguments) { return on_fastformer("bench", run_bench, arguments); }

}  // namespace
}  // namespace fastformer::apps

int main(int argc, char** argv) {
  using namespace fastformer::apps;
  constexpr Command kCommands[] = {
      {"train", "train a model on labelled text", hand_over_train},
      {"pretrain", "teach an encoder on text without labels", hand_over_pretrain},
      {"evaluate", "measure a model on labelled text", evaluate},
      {"predict", "label text", predict},
      {"quantize", "make a model smaller and faster by rounding its weights", quantize},
      {"bench", "measure a model's speed and the machine's", bench},
      {"compare", "train and measure several encoders on the same rows", hand_over_compare},
      {"data", "check labelled files before training on them, or make some", run_data},
      {"inspect", "show what a model folder holds", inspect},
      {"import", "make a model folder from the authors' PyTorch weights", run_import},
  };
  return run_program("fastformer", kCommands, argc, argv);
}
