// Training of encoder and wide branch.
#include "commands/classifier_fit.h"

#include <fastformer/error.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "commands/word_vector_start.h"
#include "learn/device.h"
#include "learn/tasks/classification.h"
#include "learn/tasks/label_loss.h"
#include "text/subwords.h"

namespace fastformer::apps {
namespace {

// Settles what was left to the number of rows.
void choose_by_rows(TrainOptions& options, const learn::LabelledDocuments& train) {
  constexpr std::size_t kFewRows = 12'000;
  if (options.batches.batch_size == 0)
    options.batches.batch_size = train.size() < kFewRows ? 32 : 64;
  options.training.choose_epochs(static_cast<std::int64_t>(train.size()), train.ids.tokens(),
                                 static_cast<std::int64_t>(options.model.labels.size()));
}

std::uint64_t seed_of(const TrainOptions& options) {
  return static_cast<std::uint64_t>(options.training.seed);
}

std::optional<learn::Subwords> subwords_for(const TrainOptions& options,
                                            const text::Tokenizer& tokenizer,
                                            learn::Parameters& parameters) {
  const int rows = options.training.subwords;
  if (rows == 0) return {};
  learn::Subwords subwords(text::subwords_of(tokenizer, rows), rows, parameters, seed_of(options));
  // Words that know something begin as they are: their subwords add nothing yet.
  if (!options.init_from.empty() || !options.word_vectors.empty()) {
    parameters.set(learn::Subwords::kTable, at::zeros_like(subwords.table()));
  }
  return subwords;
}

// A part as an encoder reads it. All rows have been encoded before: what fails here does so because
// the part has fewer.
EncodedRows encode_part(const FitSettings& settings, const TrainingRows& part,
                        const std::string& name) try {
  text::TextOptions text = settings.options.model.text;
  return encode_rows(part, text, settings.initial ? settings.initial->tokenizer() : nullptr,
                     settings.cache, settings.threads);
} catch (const Error& error) {
  throw Error(error.what(), name, "--folds 1 holds out a share of the rows instead", error.kind());
}

// What the parameters know before the first step.
void begin_with(const FitSettings& settings, const EncodedRows& encoded,
                const model::ModelConfig& config, learn::Parameters& parameters) {
  if (config.is_multi()) learn::start_from_frequencies(encoded.train.targets, parameters);
  if (settings.initial) settings.initial->copy_into(config, parameters);
  if (!settings.options.word_vectors.empty()) {
    start_from_word_vectors(settings.options.word_vectors, *encoded.tokenizer, config.encoder,
                            settings.tells_vectors, parameters);
  }
}

}  // namespace

void check_subwords(TrainOptions& options) {
  const text::TokenizerKind kind = options.model.text.tokenizer;
  const bool may = text::is_of_words(kind) || kind == text::TokenizerKind::kAuto;
  if (may || options.training.subwords == 0) return;
  if (options.subwords_asked) {
    throw usage_error("words alone have subwords", "--subwords",
                      "Use --tokenizer word or --subwords 0");
  }
  options.training.subwords = 0;
}

EncodedRows prepare_rows(TrainOptions& options, const TrainingRows& rows,
                         const InitialModel* initial, const io::CacheFolder& cache,
                         const ParallelFor& threads) {
  EncodedRows encoded = encode_rows(rows, options.model.text,
                                    initial ? initial->tokenizer() : nullptr, cache, threads);
  options.model.vocabulary = encoded.tokenizer->size();
  options.model.validate();
  check_subwords(options);
  choose_by_rows(options, encoded.train);
  if (options.wide.wide == learn::WideBranch::kAuto) {
    options.wide.ngrams.lowercase = options.model.text.lowercase;
    options.wide.ngrams.strip_html = options.model.text.strip_html;
    options.model.wide.ngrams = options.wide.ngrams;
  }
  return encoded;
}

FittedClassifier fit_encoder(const FitSettings& settings, EncodedRows encoded, KeptEpoch kept) {
  const TrainOptions& options = settings.options;
  model::ModelConfig config = options.model;
  config.vocabulary = encoded.tokenizer->size();
  FittedClassifier fitted;
  fitted.classifier = std::make_unique<learn::Classifier>(
      config, seed_of(options), at::kFloat, learn::device_named(options.training.device));
  learn::Classifier& classifier = *fitted.classifier;
  begin_with(settings, encoded, config, classifier.parameters());
  std::optional<learn::Subwords> subwords =
      subwords_for(options, *encoded.tokenizer, classifier.parameters());
  learn::ClassificationTask task(
      classifier, std::move(encoded.train),
      kept == KeptEpoch::kBest ? encoded.valid : learn::LabelledDocuments(), options.batches,
      seed_of(options), std::move(subwords));
  task.set_loss(settings.label_weights, options.label_smoothing);
  learn::TrainingObserver observer = settings.log.observer();
  if (settings.after_step) {
    observer.on_step = [&settings, log = observer.on_step](const learn::StepReport& report) {
      log(report);
      settings.after_step();
    };
  }
  fitted.result = learn::train(task, options.training, observer,
                               settings.run ? settings.run->next() : learn::Continuation());
  if (!fitted.result.diverged.empty()) {
    if (!settings.run) throw Error(fitted.result.diverged);  // no settings to be chosen
    log_warning(fitted.result.diverged);
  }
  fitted.held_out.encoder = learn::classify(classifier, encoded.valid.ids, options.batches);
  fitted.held_out.targets = encoded.valid.targets.dense(config.labels.size());
  return fitted;
}

std::optional<learn::WideBranchTraining> fit_wide(const FitSettings& settings,
                                                  const TrainingRows& rows,
                                                  const data::Targets& train,
                                                  const data::Targets& valid) {
  std::optional<learn::WideBranchTraining> wide;
  const TrainOptions& options = settings.options;
  if (options.wide.wide == learn::WideBranch::kOff) return wide;
  wide.emplace(
      options.wide, learn::WideRows{rows.train.texts, train},
      learn::WideRows{rows.valid.texts, valid},
      learn::WideLabels{options.model.labels.size(), options.model.target, settings.label_weights},
      seed_of(options), settings.threads);
  return wide;
}

FittedClassifier fit_classifier(const FitSettings& settings, const TrainingRows& rows,
                                EncodedRows encoded, KeptEpoch kept) {
  const data::Targets train = encoded.train.targets, valid = encoded.valid.targets;
  FittedClassifier fitted = fit_encoder(settings, std::move(encoded), kept);
  // After the encoder, whose first steps then show at once how the training goes.
  fitted.wide = fit_wide(settings, rows, train, valid);
  if (fitted.wide) fitted.held_out.wide = fitted.wide->valid_scores();
  return fitted;
}

learn::HeldOut cross_fit(FitSettings settings, const TrainingRows& rows) {
  settings.tells_vectors = false;  // of what the model itself begins with
  const int trainings = rows.parts() + 1;
  const auto name_of = [trainings](int number) {
    return "part " + std::to_string(number) + " of " + std::to_string(trainings);
  };
  std::int64_t unknown = 0;
  settings.run->check_parts(rows.parts(), settings.options.model.labels.size());
  for (int fold = settings.run->done(); fold < rows.parts(); ++fold) {
    settings.log.begin_part(name_of(fold + 1));
    const TrainingRows part = rows.without_fold(fold);
    EncodedRows encoded = encode_part(settings, part, name_of(fold + 1));
    unknown += encoded.unknown_valid;
    settings.run->add_done(
        fit_classifier(settings, part, std::move(encoded), KeptEpoch::kLast).held_out);
  }
  if (unknown > 0) {
    log_warning(format_count(unknown) +
                " rows have a label that no row outside their part has: they count as wrong there");
  }
  settings.log.begin_part(name_of(trainings));
  return settings.run->held_out();
}

}  // namespace fastformer::apps
