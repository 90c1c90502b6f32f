// fastformer-train: the commands that need libtorch.
#include <cstdlib>

#include "commands/commands.h"
#include "learn/torch_errors.h"
#include "learn/training/freed_memory.h"

namespace fastformer::apps {
namespace {

template <int (*kRun)(Arguments)>
int translated(Arguments arguments) {
  return learn::with_torch_errors([&] { return kRun(arguments); });
}

}  // namespace
}  // namespace fastformer::apps

int main(int argc, char** argv) {
  using namespace fastformer::apps;
  constexpr Command kCommands[] = {
      {"train", "train a model on labelled text", translated<run_train>},
      {"pretrain", "teach an encoder on text without labels", translated<run_pretrain>},
  };
  fastformer::learn::keep_freed_memory();
  return run_program("fastformer-train", kCommands, argc, argv);
}
