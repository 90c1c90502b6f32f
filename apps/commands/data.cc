// fastformer data: the commands about labelled files.
#include "commands/commands.h"

namespace fastformer::apps {

int run_data(Arguments arguments) {
  constexpr Command kCommands[] = {
      {"check", "say what labelled files hold and how to train on them", run_data_check},
      {"listops", "write the ListOps task of the Long Range Arena", run_data_listops},
  };
  return run_command("fastformer data", kCommands, arguments);
}

}  // namespace fastformer::apps
