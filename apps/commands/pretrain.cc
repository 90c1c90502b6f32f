// fastformer pretrain: from any text to an encoder that training can begin with.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "commands/commands.h"
#include "commands/corpus_cache.h"
#include "commands/memory_need.h"
#include "commands/pretraining_text.h"
#include "commands/run_state.h"
#include "commands/trained_model.h"
#include "commands/training_metrics.h"
#include "learn/device.h"
#include "learn/tasks/masked_tokens.h"
#include "learn/training/presets.h"
#include "learn/training/training_log.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kCommand[] = "pretrain";
constexpr char kUsage[] =
    "usage: fastformer pretrain --text FILE... --output DIR [OPTIONS]\n\n"
    "Teaches an encoder to guess masked words of any text; fastformer train --init-from DIR "
    "begins\n"
    "with it.\n";

struct PretrainOptions {
  std::string output;
  std::string command;  // as a shell takes it, for the model card
  ResumeOptions resuming;
  PretrainingFiles files;
  CacheOptions cache;
  model::ModelConfig model;
  data::BatchOptions batches;
  learn::TrainingOptions training;
  learn::MaskingOptions masking;

  PretrainOptions() { model.task = model::kPretraining; }

  void describe(config::OptionSet& options) {
    options.group("Files");
    files.describe(options);
    options.add("output", &output, "DIR", "model folder to write; must not exist");
    cache.describe(options);
    resuming.describe(options);
    files.corpus.describe(options);
    model.text.describe(options);
    model.describe_encoders(options);
    masking.describe(options);
    batches.describe(options);
    training.describe(options);
  }

  // The sections of config.json that say how the model came about.
  Json provenance() {
    config::OptionSet corpus, trained;
    files.corpus.describe(corpus);
    masking.describe(trained);
    batches.describe(trained);
    training.describe(trained);
    Json section = trained.to_json();
    section["valid_share"] = files.valid_share;
    return {{"data", corpus.to_json()}, {"training", section}};
  }
};

Json pretraining_metrics(const learn::TrainingResult& result, const learn::MaskedTokensTask& task) {
  Json metrics = metrics_of(result);
  if (!task.has_validation()) return metrics;
  const learn::Validation frequencies = task.validate_frequencies();
  metrics["validation_guesses"] = task.validation_guesses();
  metrics["validation_loss"] = result.validation.loss;
  metrics["validation_masked_accuracy"] = result.validation.score;
  metrics["word_frequencies_loss"] = frequencies.loss;
  metrics["word_frequencies_masked_accuracy"] = frequencies.score;
  log_info("masked words of the validation text: loss " + format_fixed(result.validation.loss, 4) +
           ", " + format_fixed(100 * result.validation.score, 1) +
           " % right; by word frequencies " + format_fixed(frequencies.loss, 4) + ", " +
           format_fixed(100 * frequencies.score, 1) + " %");
  return metrics;
}

// Returns whether the training ran to its end.
bool pretrain_into(const io::WorkFolder& folder, RunState& run, PretrainOptions& options,
                   const ParallelFor& threads) {
  PretrainingText text =
      read_pretraining_text(options.files, options.model.text, options.training.seed,
                            options.cache.open(folder.path()), threads);
  run.check_rows(text.fingerprint());
  options.model.vocabulary = text.tokenizer->size();
  options.model.validate();
  options.training.choose_epochs(static_cast<std::int64_t>(text.train.size()), text.train.tokens(),
                                 0);

  const auto seed = static_cast<std::uint64_t>(options.training.seed);
  warn_of_memory(memory_need({options.model, options.batches, options.training, options.masking},
                             text.train, text.valid));
  learn::MaskedModel model(options.model, seed, at::kFloat,
                           learn::device_named(options.training.device));
  log_info(format_count(model.parameters().elements()) + " parameters, " +
           std::to_string(options.training.threads) +
           " threads, epochs: " + std::to_string(options.training.epochs));
  learn::MaskedTokensTask task(model, std::move(text.train), std::move(text.valid), options.batches,
                               options.masking, seed);
  learn::TrainingLog log(folder.file(model::kTrainingLogFile), task.score_name(),
                         options.resuming.resume);
  const learn::TrainingResult result =
      learn::train(task, options.training, log.observer(), run.next());
  if (!result.diverged.empty()) log_warning(result.diverged);
  log.close();
  write_trained_model(
      folder, {options.model, model.parameters(), *text.tokenizer, nullptr, options.provenance(),
               pretraining_metrics(result, task), options.command});
  return result.diverged.empty();
}

}  // namespace

int run_pretrain(Arguments arguments) {
  go_on_without_a_log();
  PretrainOptions options;
  config::OptionSet set;
  options.describe(set);
  set.set_defaults(learn::pretraining_defaults());
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.output, "--output");
  if (options.resuming.resume) {
    if (is_finished(options.output)) return kDone;
    take_up(kCommand, set, options);
  } else {
    options.command = command_text(kCommand, arguments);
  }
  require(options.files.text.empty() ? "" : options.files.text[0], "--text");
  options.model.validate_choices();
  model::refuse_options_of_others(options.model, set);
  if (options.model.text.truncate == text::Truncate::kError) {
    throw usage_error("long documents are read in parts, none is truncated", "--truncate",
                      "Leave it out");
  }
  learn::device_named(options.training.device);

  ThreadPool pool(options.training.threads);
  options.training.threads = pool.threads();
  at::set_num_threads(pool.threads());
  bool is_done = false;
  make_trained_folder(
      options.output, options.resuming, [&](const io::WorkFolder& folder, RunState& run) {
        write_told(folder, kCommand, set, options.command);
        is_done = pretrain_into(folder, run, options, until_stopped(pool.parallel_for()));
      });
  return is_done ? kDone : kFailed;
}

}  // namespace fastformer::apps
