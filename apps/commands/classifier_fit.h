// One training of a classifier: its encoder and, where it has one, its wide branch.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "commands/encoded_rows.h"
#include "commands/initial_model.h"
#include "commands/run_state.h"
#include "commands/train_options.h"
#include "learn/tasks/classifier.h"
#include "learn/training/trainer.h"
#include "learn/training/training_log.h"
#include "learn/wide/branch_report.h"
#include "learn/wide/wide_branch.h"

namespace fastformer::apps {

// What all trainings of one command have in common.
struct FitSettings {
  const TrainOptions& options;
  const InitialModel* initial = nullptr;  // to begin with, or none
  std::vector<float> label_weights;       // one a label; empty: 1
  const io::CacheFolder& cache;
  const ParallelFor& threads;
  learn::TrainingLog& log;
  RunState* run = nullptr;                     // that keeps the trainings' state, or none
  std::function<void()> after_step = nullptr;  // may throw, which ends the training; or none
  bool tells_vectors = true;                   // logs how many words begin with vectors from a file
};

struct FittedClassifier {
  std::unique_ptr<learn::Classifier> classifier;
  std::optional<learn::WideBranchTraining> wide;
  learn::TrainingResult result;
  learn::HeldOut held_out;  // of the validation rows
};

// Whether the epoch that does best on the validation rows is kept, or the last one in any case.
enum class KeptEpoch { kBest, kLast };

// Words alone have subwords: what a preset says of them yields to other tokenizers, what the user
// says is a usage error.
void check_subwords(TrainOptions& options);

// Encodes the rows and settles what the options leave to them: the vocabulary's size, batches,
// epochs and how the wide branch reads.
EncodedRows prepare_rows(TrainOptions& options, const TrainingRows& rows,
                         const InitialModel* initial, const io::CacheFolder& cache,
                         const ParallelFor& threads);

// The two halves of fit_classifier(), which depend on each other's options in nothing.
FittedClassifier fit_encoder(const FitSettings& settings, EncodedRows encoded, KeptEpoch kept);
std::optional<learn::WideBranchTraining> fit_wide(const FitSettings& settings,
                                                  const TrainingRows& rows,
                                                  const data::Targets& train,
                                                  const data::Targets& valid);

// Learns from the training rows.
FittedClassifier fit_classifier(const FitSettings& settings, const TrainingRows& rows,
                                EncodedRows encoded, KeptEpoch kept);

// Trains once without each of rows.folds on all others, but for those that settings.run has done,
// and returns what the rows that were left out get: all rows in all, none of which was learnt from.
learn::HeldOut cross_fit(FitSettings settings, const TrainingRows& rows);

}  // namespace fastformer::apps
