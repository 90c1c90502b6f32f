// fastformer train: from labelled files to a model folder.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/stop_signals.h"
#include "base/strings.h"
#include "commands/autotune.h"
#include "commands/class_weights.h"
#include "commands/classifier_fit.h"
#include "commands/commands.h"
#include "commands/memory_need.h"
#include "commands/run_state.h"
#include "commands/score_fit.h"
#include "commands/train_options.h"
#include "commands/trained_model.h"
#include "commands/training_metrics.h"
#include "commands/word_vector_start.h"
#include "learn/device.h"
#include "learn/tasks/classification.h"
#include "learn/training/presets.h"
#include "learn/training/training_log.h"
#include "learn/wide/branch_report.h"
#include "model/branch_mix.h"
#include "model/folder.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kCommand[] = "train";
constexpr char kUsage[] =
    "usage: fastformer train --train FILE... --output DIR [OPTIONS]\n\n"
    "Trains a classifier on labelled text and writes a model folder.\n";

// What config.json says of the mix, and the wide branch as fitted on all rows.
model::WideTable finish_wide(TrainOptions& options, const FittedClassifier& fitted,
                             const learn::BranchReport& report) {
  const bool split_off = options.files.valid.empty() && !fitted.held_out.targets.empty();
  model::WideTable table = split_off ? fitted.wide->fit_on_all() : fitted.wide->fitted_on_train();
  model::WideConfig& config = options.model.wide;
  config.present = true;
  config.features = static_cast<std::int64_t>(table.scaler().features());
  config.wide_factor = report.factors.wide;
  config.encoder_factor = report.factors.encoder;
  config.offset = report.factors.offset;
  return table;
}

// Temperature and thresholds that suit the held-out rows' logits.
ScoreFit score_fit_of(const std::vector<float>& logits, const std::vector<float>& targets,
                      const model::ModelConfig& config) {
  const auto labels = static_cast<std::int64_t>(config.labels.size());
  const auto rows = static_cast<std::int64_t>(targets.size()) / labels;
  return fit_scores({logits.data(), rows, labels}, {targets.data(), rows, labels}, config.target);
}

model::BranchReading reading_of(const std::vector<float>& logits, const std::vector<float>& targets,
                                const model::ModelConfig& config) {
  const ScoreFit fit = score_fit_of(logits, targets, config);
  return {fit.temperature, fit.thresholds};
}

// Mixes the branches; held_out.encoder becomes the mixed logits. How each branch is read alone is
// fitted too.
learn::BranchReport mix(learn::HeldOut& held_out, model::ModelConfig& config) {
  const std::vector<float> encoder = held_out.encoder;
  const learn::BranchReport report =
      learn::mix_branches(held_out, config.labels.size(), config.target);
  if (held_out.targets.empty()) return report;
  std::vector<float> wide = held_out.wide;
  for (float& score : wide) {
    score =
        static_cast<float>(report.factors.wide) * score + static_cast<float>(report.factors.offset);
  }
  config.wide_alone = reading_of(wide, held_out.targets, config);
  config.encoder_alone = reading_of(encoder, held_out.targets, config);
  return report;
}

// Mixes the branches and makes their scores true, as the held-out rows say.
std::optional<model::WideTable> finish(TrainOptions& options, const FittedClassifier& fitted,
                                       learn::HeldOut held_out, Json& metrics) {
  model::ModelConfig& config = options.model;
  const bool has_rows = !held_out.targets.empty();
  const std::string score_name = learn::score_name_of(config.target);
  const std::string truth = truth_words(held_out.targets);
  std::optional<model::WideTable> table;
  if (fitted.wide) {
    const learn::BranchReport report = mix(held_out, config);
    if (has_rows) report_branches(report, score_name, truth, metrics);
    table = finish_wide(options, fitted, report);
    if (has_rows) config.wide.encoder_share = report.encoder_share;
  } else if (has_rows) {
    const learn::Validation validation = learn::score_logits(held_out.encoder, held_out.targets,
                                                             config.labels.size(), config.target);
    report_validation(validation, score_name, metrics);
    log_info("validation " + score_name + truth + ": " + format_fixed(validation.score, 4) +
             " (cross entropy " + format_fixed(validation.loss, 4) + ")");
  }
  if (!has_rows) return table;
  const ScoreFit fit = score_fit_of(held_out.encoder, held_out.targets, config);
  config.temperature = fit.temperature;
  config.thresholds = fit.thresholds;
  metrics["calibration"] = fit.metrics();
  log_info(fit.summary());
  return table;
}

// Changes the options by a search, or to what one has found before the run was stopped; trials that
// it had done then are not done again.
void search(const Search& search, const std::vector<std::string>& tuned, learn::TrainingLog& log,
            RunState& run) {
  if (is_chosen(run.tuning())) {
    apply_tuning(run.tuning(), search.options);
    return;
  }
  if (search.rows.folds.empty() && search.rows.valid.texts.empty()) {
    throw Error("no rows are held out to search on", "--autotune",
                "All rows are of one group or text; give --valid");
  }
  const auto keep = [&run](Json trials) { run.set_tuning(std::move(trials)); };
  run.set_tuning(autotune(search, tuned, log, run.tuning(), keep));
}

// `tuned`: the options that a search may change. Returns whether the training ran to its end.
bool train_into(const io::WorkFolder& folder, RunState& run, TrainOptions& options,
                const std::vector<std::string>& tuned, const InitialModel* initial,
                const ParallelFor& threads) {
  const io::CacheFolder cache = options.cache.open(folder.path());
  options.wide.spill = options.cache.spill(folder.path());
  const TrainingRows rows =
      read_training_rows(options.files, options.training.seed, cache, threads);
  run.check_rows(hash_of({rows.fingerprint(), fingerprint_of_files(options.files_beside_rows())}));
  options.model.labels = rows.labels;
  options.model.target = rows.target;
  learn::TrainingLog log(folder.file(model::kTrainingLogFile),
                         learn::score_name_of(options.model.target), options.resuming.resume);
  options.files.folds = rows.parts();  // what config.json repeats
  if (initial) initial->tell(options.model);
  EncodedRows encoded = prepare_rows(options, rows, initial, cache, threads);
  warn_of_memory(memory_need(options, encoded));
  if (options.autotune > 0) {
    search({options, rows, initial, cache, threads}, tuned, log, run);
    encoded = prepare_rows(options, rows, initial, cache, threads);
    warn_of_memory(memory_need(options, encoded));
  }
  encoded.log();
  log_info("epochs: " + std::to_string(options.training.epochs) + ", documents in a batch: up to " +
           std::to_string(options.batches.batch_size));
  if (initial && options.wide.wide == learn::WideBranch::kAuto) {
    log_info("the wide branch is fitted anew, on these rows alone");
  }

  const std::shared_ptr<const text::Tokenizer> tokenizer = encoded.tokenizer;
  const FitSettings settings = {options,
                                initial,
                                class_weights(options.class_weights, options.model.labels,
                                              encoded.train.targets, options.model.target),
                                cache,
                                threads,
                                log,
                                &run};
  learn::HeldOut held_out;
  if (!rows.folds.empty()) held_out = cross_fit(settings, rows);
  const FittedClassifier fitted =
      fit_classifier(settings, rows, std::move(encoded), KeptEpoch::kBest);
  log.close();
  if (rows.folds.empty()) held_out = fitted.held_out;
  Json metrics = metrics_of(fitted.result);
  if (options.autotune > 0) metrics["autotune"] = run.tuning();
  log_info(format_count(fitted.classifier->parameters().elements()) + " parameters in the encoder");
  const std::optional<model::WideTable> table =
      finish(options, fitted, std::move(held_out), metrics);
  write_trained_model(folder,
                      {options.model, fitted.classifier->parameters(), *tokenizer,
                       table ? &*table : nullptr, options.provenance(), metrics, options.command});
  return fitted.result.diverged.empty();
}

// Whether parts of the rows are held out, or a share of them that training can watch.
void settle_folds(TrainOptions& options, bool share_asked) {
  const bool watches = options.training.patience > 0;
  if (options.files.folds > 1 && !options.files.valid.empty()) {
    throw usage_error("the rows of --valid are held out already", "--folds",
                      "Leave one of the two out");
  }
  if (options.files.folds > 1 && watches) {
    throw usage_error("the last training has all rows and none to watch", "--patience",
                      "Use --folds 1, or leave --patience out");
  }
  if (options.files.folds == 0 && (watches || share_asked)) options.files.folds = 1;
  if (watches && !options.files.has_validation()) {
    throw usage_error("needs validation rows", "--patience",
                      "Give --valid, or a --valid-share above 0");
  }
}

// What can be said before anything is read.
void check(const TrainOptions& options) {
  require(options.files.train.empty() ? "" : options.files.train[0], "--train");
  options.model.validate_choices();
  if (options.model.is_pretrained_encoder()) {
    throw usage_error("pretraining has a command of its own", "--task", "Use fastformer pretrain");
  }
  check_class_weights(options.class_weights);
  check_word_vectors(options.word_vectors);
}

void check_search(const TrainOptions& options) {
  if (options.autotune > 0 && options.files.folds <= 1 && !options.files.has_validation()) {
    throw usage_error("needs validation rows", "--autotune",
                      "Give --valid, or a --valid-share above 0");
  }
}

// Brings together what a new run was told, and checks it; returns the options that a search may
// change.
std::vector<std::string> settle(config::OptionSet& set, Arguments arguments, TrainOptions& options,
                                std::optional<InitialModel>& initial) {
  set.apply_json(learn::preset(options.preset), config::Source::kPreset,
                 "preset " + options.preset);
  require(options.files.train.empty() ? "" : options.files.train[0], "--train");
  options.subwords_asked = set.find("subwords")->source > config::Source::kPreset;
  if (!options.init_from.empty()) {
    if (!options.word_vectors.empty()) {
      throw usage_error("the words of --init-from have vectors", "--word-vectors",
                        "Leave one of the two out");
    }
    initial.emplace(options.init_from);
    initial->adopt(set, options.model);
  }
  check_subwords(options);
  check(options);
  model::refuse_options_of_others(options.model, set);
  settle_folds(options, set.find("valid-share")->source > config::Source::kPreset);
  check_search(options);
  options.command = command_text(kCommand, arguments);
  return options_to_tune(options, set);
}

// The same from what the run was told when it began.
std::vector<std::string> settled_before(const config::OptionSet& set, TrainOptions& options) {
  const Json more = take_up(kCommand, set, options);
  check(options);
  check_search(options);
  try {
    options.subwords_asked = more.at("subwords_asked").get<bool>();
    return more.at("tuned").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    throw Error("does not say what a search may change", "the run in " + options.output,
                "Remove the folder and begin anew");
  }
}

}  // namespace

int run_train(Arguments arguments) {
  go_on_without_a_log();
  TrainOptions options;
  config::OptionSet set;
  options.describe(set);
  set.set_defaults(learn::preset("default"));
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  require(options.output, "--output");
  std::vector<std::string> tuned;
  std::optional<InitialModel> initial;
  if (options.resuming.resume) {
    if (is_finished(options.output)) return kDone;
    tuned = settled_before(set, options);
    if (!options.init_from.empty()) initial.emplace(options.init_from);
  } else {
    tuned = settle(set, arguments, options, initial);
  }
  learn::device_named(options.training.device);

  ThreadPool pool(options.training.threads);
  options.training.threads = pool.threads();
  at::set_num_threads(pool.threads());
  bool is_done = false;
  make_trained_folder(
      options.output, options.resuming, [&](const io::WorkFolder& folder, RunState& run) {
        write_told(folder, kCommand, set, options.command,
                   {{"subwords_asked", options.subwords_asked}, {"tuned", tuned}});
        is_done = train_into(folder, run, options, tuned, initial ? &*initial : nullptr,
                             until_stopped(pool.parallel_for()));
      });
  return is_done ? kDone : kFailed;
}

}  // namespace fastformer::apps
