// fastformer-train: the commands that need libtorch.
#include <cstdlib>

#include "commands/commands.h"
#include "learn/torch_errors.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace fastformer::apps {
namespace {

template <int (*kRun)(Arguments)>
int translated(Arguments arguments) {
  return learn::with_torch_errors([&] { return kRun(arguments); });
}

// Every step frees and takes the same large blocks. Unless told to keep them, glibc gives them back
// to the system each time and gets them anew, page by page: a tenth of a step.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest it takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

}  // namespace
}  // namespace fastformer::apps

int main(int argc, char** argv) {
  using namespace fastformer::apps;
  constexpr Command kCommands[] = {
      {"train", "train a model on labelled text", translated<run_train>},
      {"pretrain", "teach an encoder on text without labels", translated<run_pretrain>},
  };
  keep_freed_memory();
  return run_program("fastformer-train", kCommands, argc, argv);
}
