// What fastformer train is told.
#pragma once

#include <string>
#include <vector>

#include "commands/corpus_cache.h"
#include "commands/told_run.h"
#include "commands/training_rows.h"
#include "data/batches.h"
#include "learn/training/training_options.h"
#include "learn/wide/wide_branch.h"
#include "model/model_config.h"

namespace fastformer::apps {

struct TrainOptions {
  std::string output;
  std::string init_from;     // a model folder to go on from
  std::string word_vectors;  // a file
  std::string preset = "default";
  std::string command;          // as a shell takes it, for the model card
  bool subwords_asked = false;  // by the user, not by the preset
  ResumeOptions resuming;
  TrainingFiles files;
  CacheOptions cache;
  model::ModelConfig model;
  data::BatchOptions batches;
  learn::TrainingOptions training;
  learn::WideOptions wide;
  double autotune = 0;                 // seconds
  std::string class_weights = "none";  // "auto", or a file
  double label_smoothing = 0;

  void describe(config::OptionSet& options);
  void describe_loss(config::OptionSet& options);
  // The sections of config.json that say how the model came about.
  config::Json provenance();
  // Files and folders that training reads beside its rows.
  std::vector<std::string> files_beside_rows() const;
};

}  // namespace fastformer::apps
