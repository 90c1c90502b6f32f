// Field list of TrainOptions.
#include "commands/train_options.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "learn/training/presets.h"

namespace fastformer::apps {

void TrainOptions::describe(config::OptionSet& options) {
  options.group("Files");
  files.describe(options);
  options.add("output", &output, "DIR", "model folder to write; must not exist")
      .add("task", &model.task, "NAME", "classification")
      .add("preset", &preset, "NAME",
           "settings that other flags change: " + join(learn::preset_names(), ", "));
  files.corpus.describe(options);
  model.text.describe(options);
  model.encoder.describe(options);
  model.fastformer.describe(options);
  batches.describe(options);
  training.describe(options);
  wide.describe(options);
}

config::Json TrainOptions::provenance() {
  config::OptionSet corpus, trained;
  files.corpus.describe(corpus);
  batches.describe(trained);
  training.describe(trained);
  wide.describe(trained);
  config::Json section = trained.to_json();
  section["preset"] = preset;
  section["valid_share"] = files.valid_share;
  return {{"data", corpus.to_json()}, {"training", section}};
}

}  // namespace fastformer::apps
