// What fastformer compare is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/train_options.h"
#include "learn/experiments/cells.h"

namespace fastformer::apps {

struct CompareOptions {
  TrainOptions train;  // its output is the comparison's folder
  std::vector<std::string> test;
  std::string encoders;  // separated by commas; empty: all
  std::string variants = "encoders";
  std::string seeds = "0,1,2";
  std::string lengths = "128,256,512,1024,2048,4096,8192,16384,32768,65536";
  std::int64_t sweep_tokens = 65536;
  double budget = 1e9;           // seconds
  double cell_seconds = 0;       // of a training and its evaluation; 0: none
  double sweep_seconds = 60;     // of a cell of the sweep; 0: none
  std::int64_t cell_memory = 0;  // megabytes; 0: what is free
  bool retry = false;
  bool keep_models = false;
  bool json = false;

  bool sweeps() const { return lengths != "none"; }

  // Train's options that the help names, and the own ones.
  void describe_files(config::OptionSet& options);
  void describe_own(config::OptionSet& options);
};

// What follows from the options, checked.
struct ComparePlan {
  std::vector<learn::Variant> variants;
  std::vector<learn::Cell> cells;
  // For each variant the flags of fastformer train that all of its trainings have.
  std::vector<std::vector<std::string>> flags;
  std::vector<std::string> evaluation_flags;  // of fastformer evaluate, for all
  config::Json told;                          // what all cells depend on
};

// `set` has all options of compare and train. Throws usage errors.
ComparePlan plan_of(const CompareOptions& options, const config::OptionSet& set);

}  // namespace fastformer::apps
