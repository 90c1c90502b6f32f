// fastformer train: from labelled files to a model folder.
#include <fastformer/error.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "commands/class_weights.h"
#include "commands/commands.h"
#include "commands/initial_model.h"
#include "commands/model_output.h"
#include "commands/score_fit.h"
#include "commands/train_options.h"
#include "commands/trained_model.h"
#include "commands/training_metrics.h"
#include "commands/word_vector_start.h"
#include "io/files.h"
#include "learn/tasks/classification.h"
#include "learn/tasks/label_loss.h"
#include "learn/training/presets.h"
#include "learn/training/training_log.h"
#include "learn/wide/wide_branch.h"
#include "metrics/classification.h"
#include "model/config_json.h"
#include "model/folder.h"
#include "text/subwords.h"

namespace fastformer::apps {
namespace {

using config::Json;

constexpr char kUsage[] =
    "usage: fastformer train --train FILE... --output DIR [OPTIONS]\n\n"
    "Trains a classifier on labelled text and writes a model folder.\n";

learn::WideRows wide_rows(Rows& rows, const learn::LabelledDocuments& encoded) {
  return {std::move(rows.texts), encoded.targets};
}

// Mixes the branches as the validation rows say, whose encoder's `logits` become the mixed ones,
// and fits the wide branch on all rows.
model::WideTable finish_wide(TrainOptions& options, const learn::WideBranchTraining& wide,
                             std::vector<float>& logits, Json& metrics) {
  const learn::BranchReport report = wide.mix(logits);
  if (!logits.empty()) {
    report_branches(report, learn::score_name_of(options.model.target), metrics);
  }
  const bool split_off = options.files.valid.empty() && !logits.empty();
  model::WideTable table = split_off ? wide.fit_on_all() : wide.fitted_on_train();
  model::WideConfig& config = options.model.wide;
  config.present = true;
  config.features = static_cast<std::int64_t>(table.scaler().features());
  config.wide_factor = report.factors.wide;
  config.encoder_factor = report.factors.encoder;
  config.offset = report.factors.offset;
  return table;
}

// Settles what was left to the number of rows.
void choose_by_rows(TrainOptions& options, const learn::LabelledDocuments& train) {
  constexpr std::size_t kFewRows = 8000;
  std::int64_t tokens = 0;
  for (const auto& ids : train.ids) tokens += static_cast<std::int64_t>(ids.size());
  if (options.batches.batch_size == 0)
    options.batches.batch_size = train.size() < kFewRows ? 32 : 64;
  options.training.choose_epochs(static_cast<std::int64_t>(train.size()), tokens);
  log_info("epochs: " + std::to_string(options.training.epochs) + ", documents in a batch: up to " +
           std::to_string(options.batches.batch_size));
}

// Only the words of the word tokenizer have subwords; what a preset says yields to other
// tokenizers.
void check_subwords(TrainOptions& options) {
  const text::TokenizerKind kind = options.model.text.tokenizer;
  const bool may = kind == text::TokenizerKind::kWord || kind == text::TokenizerKind::kAuto;
  if (may || options.training.subwords == 0) return;
  if (options.subwords_asked) {
    throw usage_error("SentencePiece's pieces have no subwords", "--subwords",
                      "Use --tokenizer word or --subwords 0");
  }
  options.training.subwords = 0;
}

std::optional<learn::Subwords> subwords_for(const TrainOptions& options,
                                            const text::Tokenizer& tokenizer,
                                            learn::Parameters& parameters) {
  const int rows = options.training.subwords;
  if (rows == 0) return {};
  learn::Subwords subwords(text::subwords_of(tokenizer, rows), rows, parameters,
                           static_cast<std::uint64_t>(options.training.seed));
  // Words that know something begin as they are: their subwords add nothing yet.
  if (!options.init_from.empty()) {
    parameters.set(learn::Subwords::kTable, at::zeros_like(subwords.table()));
  }
  return subwords;
}

// What the parameters know before the first step.
void begin_with(const TrainOptions& options, const InitialModel* initial,
                const EncodedRows& encoded, learn::Parameters& parameters) {
  if (options.model.is_multi()) {
    learn::start_from_frequencies(encoded.train.targets, parameters);
  }
  if (initial) {
    initial->copy_into(options.model, parameters);
    if (options.wide.wide == learn::WideBranch::kAuto) {
      log_info("the wide branch is fitted anew, on these rows alone");
    }
  }
  if (!options.word_vectors.empty()) {
    start_from_word_vectors(options.word_vectors, *encoded.tokenizer, parameters);
  }
}

// The wide branch fitted on the training rows, where there is one; takes the texts.
std::optional<learn::WideBranchTraining> fit_wide(TrainOptions& options, TrainingRows& rows,
                                                  const EncodedRows& encoded,
                                                  const std::vector<float>& weights,
                                                  const ParallelFor& threads) {
  std::optional<learn::WideBranchTraining> wide;
  if (options.wide.wide == learn::WideBranch::kOff) return wide;
  options.wide.ngrams.lowercase = options.model.text.lowercase;
  options.wide.ngrams.strip_html = options.model.text.strip_html;
  options.model.wide.ngrams = options.wide.ngrams;
  wide.emplace(options.wide, wide_rows(rows.train, encoded.train),
               wide_rows(rows.valid, encoded.valid),
               learn::WideLabels{options.model.labels.size(), options.model.target, weights},
               static_cast<std::uint64_t>(options.training.seed), threads);
  return wide;
}

// Fits temperature and thresholds to the validation rows.
void finish_scores(const learn::ClassificationTask& task, const std::vector<float>& logits,
                   model::ModelConfig& config, Json& metrics) {
  const auto labels = static_cast<std::int64_t>(config.labels.size());
  const auto rows = static_cast<std::int64_t>(logits.size()) / labels;
  const ScoreFit fit = fit_scores({logits.data(), rows, labels},
                                  {task.validation_targets().data(), rows, labels}, config.target);
  config.temperature = fit.temperature;
  config.thresholds = fit.thresholds;
  metrics["calibration"] = fit.metrics();
  log_info(fit.summary());
}

void train_into(const io::WorkFolder& folder, TrainOptions& options, const InitialModel* initial,
                const ParallelFor& threads) {
  TrainingRows rows =
      read_training_rows(options.files, options.training.seed,
                         options.model.text.truncate == text::Truncate::kError, threads);
  options.model.labels = rows.labels;
  options.model.target = rows.target;
  EncodedRows encoded =
      encode_rows(rows, options.model.text, initial ? initial->tokenizer() : nullptr, threads);
  options.model.vocabulary = encoded.tokenizer->size();
  options.model.validate();
  check_subwords(options);
  choose_by_rows(options, encoded.train);

  const auto seed = static_cast<std::uint64_t>(options.training.seed);
  const std::vector<float> weights = class_weights(options.class_weights, options.model.labels,
                                                   encoded.train.targets, options.model.target);
  std::optional<learn::WideBranchTraining> wide =
      fit_wide(options, rows, encoded, weights, threads);
  learn::Classifier classifier(options.model, seed, at::kFloat,
                               learn::device_named(options.training.device));
  begin_with(options, initial, encoded, classifier.parameters());
  log_info(format_count(classifier.parameters().elements()) + " parameters, " +
           std::to_string(options.training.threads) + " threads");
  learn::ClassificationTask task(
      classifier, std::move(encoded.train), std::move(encoded.valid), options.batches, seed,
      subwords_for(options, *encoded.tokenizer, classifier.parameters()));
  task.set_loss(weights, options.label_smoothing);
  learn::TrainingLog log(folder.file(model::kTrainingLogFile), task.score_name());
  const learn::TrainingResult result = learn::train(task, options.training, log.observer());
  log.close();
  Json metrics = metrics_of(result, task.has_validation(), task.score_name());
  std::vector<float> logits = task.validation_logits();
  std::optional<model::WideTable> table;
  if (wide) table = finish_wide(options, *wide, logits, metrics);
  if (task.has_validation()) finish_scores(task, logits, options.model, metrics);
  write_trained_model(folder,
                      {options.model, classifier.parameters(), *encoded.tokenizer,
                       table ? &*table : nullptr, options.provenance(), metrics, options.command});
}

}  // namespace

int run_train(Arguments arguments) {
  TrainOptions options;
  config::OptionSet set;
  options.describe(set);
  set.set_defaults(learn::preset("default"));
  if (parse_or_help(set, arguments, kUsage)) return kDone;
  set.apply_json(learn::preset(options.preset), config::Source::kPreset,
                 "preset " + options.preset);
  require(options.files.train.empty() ? "" : options.files.train[0], "--train");
  require(options.output, "--output");
  options.subwords_asked = set.find("subwords")->source > config::Source::kPreset;
  std::optional<InitialModel> initial;
  if (!options.init_from.empty()) {
    if (!options.word_vectors.empty()) {
      throw usage_error("the words of --init-from have vectors", "--word-vectors",
                        "Leave one of the two out");
    }
    initial.emplace(options.init_from);
    initial->adopt(set, options.model);
  }
  check_subwords(options);
  options.model.validate_choices();
  if (options.model.is_pretrained_encoder()) {
    throw usage_error("pretraining has a command of its own", "--task", "Use fastformer pretrain");
  }
  if (options.training.patience > 0 && !options.files.has_validation()) {
    throw usage_error("needs validation rows", "--patience",
                      "Give --valid, or a --valid-share above 0");
  }
  check_class_weights(options.class_weights);
  check_word_vectors(options.word_vectors);
  learn::device_named(options.training.device);
  options.command = command_text("train", arguments);

  ThreadPool pool(options.training.threads);
  options.training.threads = pool.threads();
  at::set_num_threads(pool.threads());
  make_model_folder(options.output, [&](const io::WorkFolder& folder) {
    train_into(folder, options, initial ? &*initial : nullptr, pool.parallel_for());
  });
  return kDone;
}

}  // namespace fastformer::apps
