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
           "which branches of the model answer")
      .add("device", &device, "NAME", "what computes the encoder: cpu, cuda or cuda:N");
  describe_precision(options, &precision);
  corpus.describe(options);
}

void describe_precision(config::OptionSet& options, Numbers* precision) {
  options.add("precision", precision,
              {{"model", Numbers::kModel},
               {"float32", Numbers::kFloat32},
               {"bfloat16", Numbers::kBfloat16},
               {"int8", Numbers::kInt8}},
              "numbers that the encoder multiplies; model: int8 if quantize made it, else float32");
}

}  // namespace fastformer::apps
