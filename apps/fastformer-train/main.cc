// fastformer-train: the commands that need libtorch, and those on models whose encoder needs it.
#include <cstdlib>

#include "commands/commands.h"
#include "commands/torch_branch.h"
#include "learn/encoders/encoder.h"
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
      {"evaluate", "measure a model on labelled text", translated<run_evaluate>},
      {"predict", "label text", translated<run_predict>},
      {"bench-encoder", "measure an encoder on documents of a length",
       translated<run_bench_encoder>},
      {"compare", "train and measure several encoders on the same rows", translated<run_compare>},
      {"inspect", "show what a model folder holds", translated<run_inspect>},
  };
  fastformer::learn::keep_freed_memory();
  fastformer::learn::install_encoders();
  set_loader_of_other_encoders(load_torch_encoder);
  return run_program("fastformer-train", kCommands, argc, argv);
}
