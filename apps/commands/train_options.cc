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
      .add("init-from", &init_from, "DIR",
           "go on from this model: its words, its encoder and what its head knows of the labels")
      .add("word-vectors", &word_vectors, "FILE",
           "words begin with these vectors: GloVe's text or .vec, of the model's width")
      .add("task", &model.task, "NAME", "classification")
      .add("preset", &preset, "NAME",
           "settings that other flags change: " + join(learn::preset_names(), ", "));
  cache.describe(options);
  resuming.describe(options);
  files.corpus.describe(options);
  model.text.describe(options);
  model.describe_encoders(options);
  batches.describe(options);
  training.describe(options);
  describe_loss(options);
  wide.describe(options);
  options.group("Search").add(
      "autotune", &autotune, {0, 1e8},
      "seconds to search for better settings before the training, on the validation rows, or the "
      "first of the parts that --folds holds out; 0: none");
}

void TrainOptions::describe_loss(config::OptionSet& options) {
  options.group("Loss")
      .add(
          "class-weights", &class_weights, "none|auto|FILE",
          "how much the labels' errors count, in both branches: alike, more for rare labels, or as "
          "a JSON file {\"label\": weight} says")
      .add("label-smoothing", &label_smoothing, {0, 0.9},
           "share of every target that goes to all labels alike, in the encoder's loss");
}

config::Json TrainOptions::provenance() {
  config::OptionSet corpus, trained;
  files.corpus.describe(corpus);
  batches.describe(trained);
  training.describe(trained);
  describe_loss(trained);
  wide.describe(trained);
  config::Json section = trained.to_json();
  section["preset"] = preset;
  section["valid_share"] = files.valid_share;
  section["folds"] = files.folds;
  section["init_from"] = init_from;
  section["word_vectors"] = word_vectors;
  section["soft_label_column"] = files.soft_label_column;
  return {{"data", corpus.to_json()}, {"training", section}};
}

std::vector<std::string> TrainOptions::files_beside_rows() const {
  const bool has_file = class_weights != "none" && class_weights != "auto";
  return {init_from, word_vectors, has_file ? class_weights : ""};
}

}  // namespace fastformer::apps
