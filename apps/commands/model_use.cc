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
  describe_precision(options, &precision);
  corpus.describe(options);
}

void describe_precision(config::OptionSet& options, runtime::Precision* precision) {
  options.add("precision", precision,
              {{"float32", runtime::Precision::kFloat32},
               {"bfloat16", runtime::Precision::kBfloat16},
               {"int8", runtime::Precision::kInt8}},
              "numbers that the encoder multiplies");
}

}  // namespace fastformer::apps
