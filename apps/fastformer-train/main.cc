// fastformer-train: the commands that need libtorch.
#include "commands/commands.h"

int main(int argc, char** argv) {
  using namespace fastformer::apps;
  constexpr Command kCommands[] = {
      {"train", "train a model on labelled text", run_train},
      {"evaluate", "measure a model on labelled text", run_evaluate},
      {"predict", "label text", run_predict},
  };
  return run_program("fastformer-train", kCommands, argc, argv);
}
