// Field lists of ModelUse.
#include "commands/model_use.h"

namespace fastformer::apps {

void ModelUse::describe_model(config::OptionSet& options) {
  options.group("Files").add("model", &model, "DIR", "model folder");
}

void ModelUse::describe_running(config::OptionSet& options) {
  options.group("Running")
      .add("threads", &threads, {0, 4096}, "processor threads; 0: all")
      .add("branch", &branch,
           {{"both", Branch::kBoth}, {"wide", Branch::kWide}, {"encoder", Branch::kEncoder}},
           "which branches of the model answer");
  corpus.describe(options);
}

}  // namespace fastformer::apps
