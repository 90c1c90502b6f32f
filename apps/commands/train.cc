// fastformer train: from labelled files to a model folder.
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/model_output.h"
#include "commands/temperature_fit.h"
#include "commands/training_rows.h"
#include "io/files.h"
#include "learn/tasks/classification.h"
#include "learn/training/presets.h"
#include "learn/training/training_log.h"
#include "metrics/classification.h"
#include "model/config_json.h"
#include "model/folder.h"
#include "model/model_card.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer train --train FILE... --output DIR [OPTIONS]\n\n"
    "Trains a classifier on labelled text and writes a model folder.\n";

struct TrainOptions {
  std::string task = "classification";
  std::string output;
  std::string preset = "default";
  std::string command;  // as typed, for the model card
  TrainingFiles files;
  model::ModelConfig model;
  data::BatchOptions batches;
  learn::TrainingOptions training;

  void describe(config::OptionSet& options) {
    options.group("Files");
    files.describe(options);
    options.add("output", &output, "DIR", "model folder to write; must not exist")
        .add("task", &task, "NAME", "classification")
        .add("preset", &preset, "NAME",
             "settings that other flags change: " + join(learn::preset_names(), ", "));
    files.corpus.describe(options);
    model.text.describe(options);
    model.encoder.describe(options);
    model.fastformer.describe(options);
    batches.describe(options);
    training.describe(options);
  }

  // The sections of config.json that say how the model came about.
  Json provenance() {
    config::OptionSet corpus, trained;
    files.corpus.describe(corpus);
    batches.describe(trained);
    training.describe(trained);
    Json section = trained.to_json();
    section["preset"] = preset;
    section["valid_share"] = files.valid_share;
    return {{"data", corpus.to_json()}, {"training", section}};
  }
};

Json metrics_of(const learn::TrainingResult& result, bool validated) {
  Json metrics = {{"epochs", result.epochs},
                  {"best_epoch", result.best_epoch},
                  {"training_seconds", result.seconds},
                  {"training_tokens", result.tokens}};
  if (validated) {
    metrics["validation_accuracy"] = result.validation.score;
    metrics["validation_loss"] = result.validation.loss;
  }
  return metrics;
}

void write_model(const io::WorkFolder& folder, TrainOptions& options,
                 const learn::Classifier& classifier, const text::Tokenizer& tokenizer,
                 const Json& metrics) {
  model::ModelParts parts;
  parts.config = options.model;
  parts.extra = options.provenance();
  parts.metrics = metrics;
  parts.tokenizer = tokenizer.serialize();
  model::CardFacts facts;
  facts.name = io::base_name(folder.final_path());
  facts.config = options.model;
  facts.metrics = metrics;
  facts.training_command = options.command;
  parts.card = model::model_card(facts);
  std::vector<at::Tensor> kept;
  const learn::Parameters& parameters = classifier.parameters();
  for (std::size_t i = 0; i < parameters.names().size(); ++i) {
    kept.push_back(parameters.tensors()[i].detach().to(at::kCPU, at::kFloat).contiguous());
    const std::span<const float> values(kept.back().const_data_ptr<float>(),
                                        static_cast<std::size_t>(kept.back().numel()));
    parts.tensors.push_back(
        model::named_tensor(parameters.names()[i], kept.back().sizes().vec(), values));
  }
  model::write_model_folder(folder.path(), parts);
}

void train_into(const io::WorkFolder& folder, TrainOptions& options, const ParallelFor& threads) {
  TrainingRows rows = read_training_rows(options.files, options.training.seed, threads);
  options.model.labels = rows.labels;
  const EncodedRows encoded = encode_rows(rows, options.model.text, threads);
  options.model.vocabulary = encoded.tokenizer->size();
  options.model.validate();

  const auto seed = static_cast<std::uint64_t>(options.training.seed);
  learn::Classifier classifier(options.model, seed, at::kFloat,
                               learn::device_named(options.training.device));
  log_info(format_count(classifier.parameters().elements()) + " parameters, " +
           std::to_string(options.training.threads) + " threads");
  learn::ClassificationTask task(classifier, encoded.train, encoded.valid, options.batches, seed);
  learn::TrainingLog log(folder.file(model::kTrainingLogFile), task.score_name());
  const learn::TrainingResult result = learn::train(task, options.training, log.observer());
  log.close();
  Json metrics = metrics_of(result, task.has_validation());
  if (task.has_validation()) {
    const TemperatureFit fit = calibrate(task.validation_logits(), task.validation_labels());
    options.model.temperature = fit.temperature;
    metrics["calibration"] = fit.metrics();
    log_info(fit.summary());
  }
  write_model(folder, options, classifier, *encoded.tokenizer, metrics);
}

}  // namespace

int run_train(Arguments arguments) {
  TrainOptions options;
  config::OptionSet set;
  options.describe(set);
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  set.apply_json(learn::preset(options.preset), config::Source::kPreset,
                 "preset " + options.preset);
  require(options.files.train.empty() ? "" : options.files.train[0], "--train");
  require(options.output, "--output");
  options.command = "fastformer train " + join(arguments, " ");

  ThreadPool pool(options.training.threads);
  options.training.threads = pool.threads();
  at::set_num_threads(pool.threads());
  make_model_folder(options.output, [&](const io::WorkFolder& folder) {
    train_into(folder, options, pool.parallel_for());
  });
  return kDone;
}

}  // namespace fastformer::apps
